# Short names for the scripts, which say more with --help.
.PHONY: build test run bench clean

build:
	mvn -q -B -Dmaven.test.skip=true package

test:
	./scripts/test.sh

run:
	./scripts/run.sh

bench:
	./scripts/run_bench.sh

clean:
	mvn -q -B clean

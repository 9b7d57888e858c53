#!/usr/bin/env bash
# Usage: scripts/run_jmh.sh [--quick] [-o FILE] [FILTER]
#
# Runs the microbenchmarks with the allocation profiler, prints a table, and writes every figure to a file as JSON.
# docs/performance.md says what they measure and how to read them.
#
#   FILTER     only the benchmarks whose name (package.Class.method) contains this regular expression, for example
#              RequestParser, 'Ring|Wakeup' or io.ringwave.http
#   -o FILE    where the JSON goes; default jmh-benchmarks/target/jmh-results.json
#   --quick    two minutes for all of them instead of four: shorter and fewer iterations, so noisier
#
# Each benchmark runs in a JVM of its own. Leave the machine alone meanwhile.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

benchmarks=$ROOT/jmh-benchmarks/target/benchmarks.jar
results=
filter=
arguments=(-prof gc -rf json)
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage "$0"; exit 0 ;;
        --quick) arguments+=(-f 1 -wi 2 -w 500ms -i 3 -r 500ms) ;;
        -o) results=${2:?-o needs the name of a file}; shift ;;
        -*) die "unknown option $1 (--help lists the options)" ;;
        *)
            [ -z "$filter" ] || die "one FILTER at most: $filter, $1"
            filter=$1
            ;;
    esac
    shift
done

jdk=$(require_jdk)
build_jar "$benchmarks"
java=("$jdk/bin/java")
# JMH uses what these releases warn of; the JVMs that it starts get the same options.
[ "$(java_release "$jdk")" -lt 24 ] || java+=(--sun-misc-unsafe-memory-access=allow)
names=$("${java[@]}" -jar "$benchmarks" -l ${filter:+"$filter"} | sed 1d)
[ -n "$names" ] || die "no benchmark is called like that: $filter"
results=${results:-$ROOT/jmh-benchmarks/target/jmh-results.json}
: >"$results" || die "$results cannot be written"
"${java[@]}" -jar "$benchmarks" "${arguments[@]}" -rff "$results" ${filter:+"$filter"}

# One that fails (no io_uring here?) does not keep the others from running, but it is said.
failed=()
for name in $names; do
    grep -qF "\"benchmark\" : \"$name\"" "$results" || failed+=("$name")
done
say "the figures are in $results"
[ ${#failed[@]} -eq 0 ] || { say "failed, for the reason given above:" "${failed[@]}"; exit 1; }

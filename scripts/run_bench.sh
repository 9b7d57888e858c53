#!/usr/bin/env bash
# Usage: scripts/run_bench.sh [-d seconds] [-c connections] [path...]
#
# A quick look at the server's speed over loopback: starts it with one worker on CPU 0, once per backend, and loads it
# with wrk from CPU 1, path by path (default: /plaintext /json /static/index.html). Prints requests a second.
#
# wrk is good for rates and for errors, not for latencies: it starts its clock late. With fewer than two CPUs, server and
# generator share one and the figures say little.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

seconds=5
connections=64
paths=()
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage "$0"; exit 0 ;;
        -d) seconds=${2:?-d needs a number of seconds}; shift ;;
        -c) connections=${2:?-c needs a number of connections}; shift ;;
        /*) paths+=("$1") ;;
        *) die "unknown option $1 (--help lists the options)" ;;
    esac
    shift
done
[ ${#paths[@]} -gt 0 ] || paths=(/plaintext /json /static/index.html)

jdk=$(require_jdk)
command -v wrk >/dev/null || install_packages wrk || die "wrk is needed"
build_jar "$JAR"
server_cpu=() load_cpu=()
if [ "$(nproc)" -ge 2 ]; then
    server_cpu=(taskset -c 0)
    load_cpu=(taskset -c 1)
fi

log=$(mktemp)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -f "$log"
}
trap cleanup EXIT

printf '%-10s %-24s %14s  %s\n' backend path "requests/s" errors
for backend in io_uring epoll; do
    ${server_cpu[@]+"${server_cpu[@]}"} "$jdk/bin/java" -Xms512m -Xmx512m -XX:+UseSerialGC -jar "$JAR" --host 127.0.0.1 \
        --port 0 --workers 1 --static-dir "$ROOT/static" --benchmark-routes --backend "$backend" 2>"$log" &
    server=$!
    url=
    for _ in $(seq 100); do
        url=$(sed -n 's/.*listening on \(http[^ ]*\)\/ *$/\1/p' "$log")
        if [ -n "$url" ] || ! kill -0 "$server" 2>/dev/null; then break; fi
        sleep 0.1
    done
    if [ -z "$url" ]; then
        say "$backend did not start: $(tail -n 1 "$log")"
        kill "$server" 2>/dev/null || true
        server=
        continue
    fi
    for path in "${paths[@]}"; do
        wrk -t1 -c"$connections" -d3 "$url$path" >/dev/null # the JIT compiler's share
        result=$(${load_cpu[@]+"${load_cpu[@]}"} wrk -t1 -c"$connections" -d"$seconds" "$url$path")
        printf '%-10s %-24s %14s  %s\n' "$backend" "$path" "$(awk '/^Requests\/sec/ { print $2 }' <<<"$result")" \
            "$(grep -E 'Socket errors|Non-2xx' <<<"$result" | tr -s ' \n' ' ' || true)"
    done
    kill -TERM "$server"
    wait "$server" || true
    server=
done

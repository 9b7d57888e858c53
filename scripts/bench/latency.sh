#!/bin/bash
# Whether the latencies that the server records are those that its clients see.
usage(){ cat <<'H'
latency.sh [-n rounds] [-d seconds] [-R rate] [-s microseconds] backend...      (io_uring, epoll)
A server on core 0 with a handler that takes a known time, loadgen's open loop on core 1. In each round first /plaintext, then
/spin: what /plaintext takes longer for the client than the server has recorded is the way there and back, and loadgen's own;
that much is taken off what the client saw of /spin, and the rest compared with what the server has recorded of it.
  -n  rounds, 5 by default   -d  seconds of each, 6   -R  requests a second, 250   -s  how long /spin takes, 1500
Prints each round, and the medians of recorded / seen of p50 and p99. RINGWAVE_JAR names another jar.
H
exit ${1:-0}; }
here=$(cd "$(dirname "$0")" && pwd); P=${PEERS:-/tmp/peers}; N=5; D=6; R=250; S=1500; port=${PORT0:-9700}
[ "$1" = --help ] && usage
while getopts n:d:R:s:h o; do case $o in n) N=$OPTARG;; d) D=$OPTARG;; R) R=$OPTARG;; s) S=$OPTARG;; h) usage;; *) usage 2;; esac; done
shift $((OPTIND-1)); [ $# -gt 0 ] || usage 2
RINGWAVE_JAR=${RINGWAVE_JAR:-$here/../../server-app/target/ringwave-server.jar}; . "$here/servers.d/java.inc"
for f in "$RINGWAVE_JAR" "$P/loadgen"; do [ -e "$f" ] || { echo "there is no $f: ../run.sh --help and ./build.sh c make them" >&2; exit 1; }; done
trap '[ -z "$SERVER_PID" ] || kill $SERVER_PID' EXIT
ask(){ timeout $((D+20)) taskset -c 1 $P/loadgen -C 1 -p $port -c 4 -u $1 -R $R -w 0.1 -d $D |
  awk '{for(i=1;i<=NF;i++){split($i,x,"=");v[x[1]]=x[2]} if (v["n"]==0||v["errors"]>0) exit 1; print v["p50"], v["p99"]}'; }
for b in "$@"; do port=$((port+1))
  coproc SERVER { exec taskset -c 0 $J $OPTS -cp "$RINGWAVE_JAR" $here/java/Delays.java $port $b $S; }
  for t in $(seq 150); do curl -s -m 1 -o /dev/null http://127.0.0.1:$port/plaintext && break; sleep 0.1; done
  recorded(){ echo >&${SERVER[1]}; while read -r -t 10 line <&${SERVER[0]}; do # what else the server says is its log
    case $line in "recorded "*) echo "${line#recorded }"; return;; esac; done; return 1; }
  ask /spin >/dev/null && ask /plaintext >/dev/null || { echo "$b: no answers" >&2; exit 1; }; recorded >/dev/null
  for r in $(seq $N); do way=$(ask /plaintext) && seen=$(ask /spin) && line=$(recorded) || { echo "$b: no answers" >&2; exit 1; }
    echo "$b $r $way $seen $line"; done
  kill $SERVER_PID; wait $SERVER_PID 2>/dev/null; SERVER_PID=
done | awk '
  function median(a, n,   i, j, t) { for (i = 1; i <= n; i++) for (j = i; j > 1 && a[j-1] > a[j]; j--) { t = a[j]; a[j] = a[j-1]; a[j-1] = t }
    return n % 2 ? a[(n+1)/2] : (a[n/2] + a[n/2+1]) / 2 }
  function end() { if (n) printf "%s: median of recorded / seen: p50 %.3f, p99 %.3f\n", b, median(x, n), median(y, n) }
  $1 != b { end(); b = $1; n = 0 }
  { p50 = $5 - ($3 - $8); p99 = $6 - ($4 - $9); n++; x[n] = $11 / p50; y[n] = $12 / p99
    printf "%s round %d: way p50 %.0f p99 %.0f us; /spin p50 recorded %.0f seen %.0f, p99 recorded %.0f seen %.0f us (%d requests)\n",
      b, $2, $3 - $8, $4 - $9, $11, p50, $12, p99, $10; fflush() }
  END { end() }'

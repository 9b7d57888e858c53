#!/bin/bash
# What handlers that block do to the latency of everybody else on the same loop.
usage(){ cat <<'H'
blocking.sh [-n pairs] [-d seconds] [-R rate] [-r rate] [-w seconds] server...
Server on core 0, generator on core 1: the p99 of /plaintext at a constant rate, in pairs: alone, and beside requests for /blocking,
whose handler, on a worker, blocks for 50 ms. Every other pair begins with the blocking ones. Warmed up with both paths, as fast as
they go. A loop in SCHED_IDLE keeps each core from halting: what a virtual core takes to wake up is most of every
answer at such a rate, differs from one second to the next, and is not the server's.
  -n  pairs, 5 by default   -d  seconds that are measured, 3   -R  requests a second for /plaintext, 5000
  -w  seconds of each warm-up, 8
  -r  requests a second for /blocking, 100; from another process on core 1, in SCHED_IDLE
Prints each pair, and the median of the ratios: from when a request was due, and from when it was sent.
H
exit ${1:-0}; }
here=$(cd "$(dirname "$0")" && pwd); export PEERS=${PEERS:-/tmp/peers}; P=$PEERS; N=5; D=3; W=8; R=5000; B=100; port=${PORT0:-9800}
[ "$1" = --help ] && usage
while getopts n:d:R:r:w:h o; do case $o in n) N=$OPTARG;; d) D=$OPTARG;; R) R=$OPTARG;; r) B=$OPTARG;; w) W=$OPTARG;; h) usage;; *) usage 2;; esac; done
shift $((OPTIND-1)); [ $# -gt 0 ] || usage 2
pid=; idle=(); trap 'kill -KILL "${idle[@]}" ${pid:+-- -$pid} 2>/dev/null' EXIT
for core in 0 1; do taskset -c $core chrt -i 0 bash -c 'while ((SECONDS < 3600)); do :; done' & idle+=($!); done
load(){ timeout $((D+20)) taskset -c 1 $P/loadgen -C 1 -p $port -c 64 -P 16 -L 13 -R $R -Z -w 0.3 -d $D |
  awk '{for(i=1;i<=NF;i++){split($i,x,"=");v[x[1]]=x[2]} if (v["n"]==0||v["errors"]>0) exit 1; print v["p99"], v["raw_p99"]}'; }
beside(){ chrt -i 0 timeout $((D+20)) taskset -c 1 $P/loadgen -C 1 -p $port -c 16 -u /blocking -R $B -Z -w 0.2 -d $((D+1)) > $P/blocking.out & local blockers=$!
  sleep 0.5; load || return 1; wait $blockers; grep -q 'errors=0 ' $P/blocking.out; }
for s in "$@"; do port=$((port+1))
  RINGWAVE_ARGS="--offload-threads 8 ${RINGWAVE_ARGS:-}" setsid bash $here/servers.d/$s $port > $P/blocking.$s.log 2>&1 & pid=$!
  for t in $(seq 150); do curl -s -m 1 -o /dev/null http://127.0.0.1:$port/plaintext && break; sleep 0.1; done
  for u in /plaintext /offloaded; do timeout 30 taskset -c 1 $P/loadgen -C 1 -p $port -c 16 -u $u -w 0.2 -d $W >/dev/null; done
  for i in 1 2; do beside >/dev/null || { echo "$s: no answers" >&2; exit 1; }; done
  for r in $(seq $N); do
    if [ $((r%2)) = 1 ]; then a=$(load) && b=$(beside); else b=$(beside) && a=$(load); fi || { echo "$s: no answers" >&2; exit 1; }
    echo "$s $r $a $b $(grep -oE ' rps=[0-9]+' $P/blocking.out | cut -d= -f2)"; done
  kill -TERM -- -$pid; wait $pid 2>/dev/null; pid=
done | awk '
  function median(a, n,   i, j, t) { for (i = 1; i <= n; i++) for (j = i; j > 1 && a[j-1] > a[j]; j--) { t = a[j]; a[j] = a[j-1]; a[j-1] = t }
    return n % 2 ? a[(n+1)/2] : (a[n/2] + a[n/2+1]) / 2 }
  function end() { if (n) printf "%s: median of the ratios: due %.2f, sent %.2f\n", s, median(x, n), median(y, n) }
  $1 != s { end(); s = $1; n = 0 }
  { n++; x[n] = $5 / $3; y[n] = $6 / $4
    printf "%s pair %d: p99 alone due %.0f sent %.0f us; beside %d blocking requests a second due %.0f sent %.0f us\n", s, $2, $3, $4, $7, $5, $6; fflush() }
  END { end() }'

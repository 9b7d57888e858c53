#!/bin/bash
# What a client that reads cold files does to the latency of everybody else.
usage(){ cat <<'H'
cold.sh [-n pairs] [-d seconds] [-m MiB] [-R rate] [-S seconds] [-E] [-B] [-o OUT] server...
Server on core 0, generator on core 1: the p99 of /plaintext at a constant rate, in pairs: alone, and while one client reads
files that the page cache does not have (/proc/sys/vm/drop_caches, so it must run as root). Prints each pair, and the medians.
  -n  pairs, 5 by default       -d  seconds that are measured, 2       -m  MiB that the reader asks for, 2048
  -R  requests a second, 5000   -B  the generator spins instead of sleeping between two requests
  -S  seconds to wait after the page cache was dropped, 4
  -E  a third figure for each pair: the reader gets the same bytes, as cold, from another process on core 0 (elsewhere)
  -o  directory for raw.csv and logs, $PEERS/out.cold
The page cache is dropped before each figure, also before those alone, and then the programs are read again and time passes:
for seconds after a drop the p99 is several times its usual value without any reader (memory that became free goes back to
the host of a virtual machine, and what everybody needs is read again). Every other pair begins with the reader.
The reader shares core 1 with the generator, in SCHED_IDLE and without copying what it reads (MSG_TRUNC), so that the generator
takes the core from it whenever it is not in the kernel; and the generator sleeps until a request is due, or the reader would hardly
run (-B). What still delays the generator (interrupts of the disk, TCP at work for the reader) is not the server's: so the
p99 is given twice, from when a request was due, and from when it was sent, which is no better for the server as long as none
waited to be sent for want of answers (16 may be under way on each of 64 connections). -E shows how much of it any server
causes: that process reads and sends 64 KiB at a time, in SCHED_IDLE, so that it delays the server measured only by what the
kernel does for it. A pair is marked * if the reader had ended before the measurement, and its figure is then too low.
Files are made in $PEERS/www/static, and stay there.
H
exit ${1:-0}; }
here=$(cd "$(dirname "$0")" && pwd); export PEERS=${PEERS:-/tmp/peers}; P=$PEERS
N=5; D=2; M=2048; R=5000; SETTLE=4; ELSEWHERE=; SLEEP=-Z; OUT=$P/out.cold; port=${PORT0:-9500}
[ "$1" = --help ] && usage
while getopts n:d:m:R:S:EBo:h o; do case $o in n) N=$OPTARG;; d) D=$OPTARG;; m) M=$OPTARG;; R) R=$OPTARG;; S) SETTLE=$OPTARG;;
  E) ELSEWHERE=elsewhere;; B) SLEEP=;; o) OUT=$OPTARG;; h) usage;; *) usage 2;; esac; done
shift $((OPTIND-1)); [ $# -gt 0 ] || usage 2
[ -w /proc/sys/vm/drop_caches ] || { echo "cold.sh must be able to write /proc/sys/vm/drop_caches" >&2; exit 1; }
mkdir -p $OUT; RAW=$OUT/raw.csv; : > $OUT/loadgen.log
echo server,pair,alone_due_us,alone_sent_us,beside_due_us,beside_sent_us,reader_mib_s,ended_first,elsewhere_due_us,elsewhere_sent_us,elsewhere_mib_s > $RAW
EACH=256; FILES=$(( (M+EACH-1)/EACH )); for i in $(seq $FILES); do f=$P/www/static/cold$i; [ -s $f ] || head -c $((EACH<<20)) /dev/urandom > $f; done; sync
pid=; other=; trap 'for p in $pid $other; do kill -KILL -- -$p 2>/dev/null; done' EXIT
load(){ timeout 60 taskset -c 1 $P/loadgen -C 1 -p $port -x $(pgrep -g $pid | paste -sd,) -c 64 -P 16 -L 13 -R $R $SLEEP -w 0.2 -d $measured | tee -a $OUT/loadgen.log |
  awk '{for(i=1;i<=NF;i++){split($i,x,"=");v[x[1]]=x[2]} print v["p99"] "," v["raw_p99"]}'; }
read -r -d '' READER <<'PY'
import socket, sys, time
began = time.monotonic(); total = 0; buffer = bytearray(1 << 18)
for url in sys.argv[2:]:
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.sendall(("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % url).encode())
    head = s.recv(256, socket.MSG_PEEK)
    while b"\r\n\r\n" not in head: head = s.recv(1024, socket.MSG_PEEK)
    s.recv(head.index(b"\r\n\r\n") + 4)
    while n := s.recv_into(buffer, len(buffer), socket.MSG_TRUNC): total += n
print(total, int(total / (1 << 20) / (time.monotonic() - began)))
PY
read -r -d '' OTHER <<'PY'
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1]))); buffer = bytearray(1 << 16)
while True:
    s, _ = listener.accept()
    file = os.open(sys.argv[2] + s.recv(4096).split()[1].decode(), os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
    s.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while n := os.readv(file, [buffer]): s.sendall(memoryview(buffer)[:n])
    os.close(file); s.close()
PY

urls=$(for i in $(seq $FILES); do printf '/static/cold%d ' $i; done)
median(){ sort -n | awk '{v[NR]=$1} END{print NR%2 ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }
prepare(){ sync; echo 3 > /proc/sys/vm/drop_caches; taskset -c 1 $P/loadgen > /dev/null 2>&1; taskset -c 1 python3 -c 'import socket, time'; sleep $SETTLE; }
beside(){ # PORT that is read from: the p99 twice, MiB/s, and a mark
  chrt -i 0 taskset -c 1 python3 -c "$READER" $1 $urls > $OUT/reader & local reader=$! figures= mark= bytes= rate=
  figures=$(load); kill -0 $reader 2>/dev/null || mark='*'; wait $reader; read -r bytes rate < $OUT/reader
  [ "$bytes" = $((FILES*EACH<<20)) ] || { echo "$s: the reader got '$bytes' bytes" >&2; exit 1; }
  echo "$figures,$rate,$mark"; }
for s in "$@"; do port=$((port+1)); setsid bash $here/servers.d/$s $port > $OUT/$s.log 2>&1 & pid=$!
  for t in $(seq 150); do curl -s -m 1 -o /dev/null http://127.0.0.1:$port/plaintext && break; sleep 0.1; done
  taskset -c 1 $P/loadgen -C 1 -p $port -c 64 -L 13 -d 5 -w 0.1 > /dev/null
  for n in $(seq 0 $N); do # pair 0 is to warm up, and not recorded: long enough for the compilers, which share the server's core
    elsewhere=,,; measured=$D; [ $n = 0 ] && measured=8
    if [ $((n%2)) = 0 ]; then order="beside $ELSEWHERE alone"; else order="alone $ELSEWHERE beside"; fi
    for what in $order; do prepare; case $what in
      alone) alone=$(load);;
      beside) beside=$(beside $port) || exit 1;;
      elsewhere) setsid chrt -i 0 taskset -c 0 python3 -c "$OTHER" $((port+200)) $P/www & other=$!; sleep 0.5
        elsewhere=$(beside $((port+200))) || exit 1; elsewhere=${elsewhere%,*}; kill -KILL -- -$other; wait $other 2>/dev/null; other=;; esac; done
    [ $n = 0 ] && continue
    echo "$s,$n,$alone,$beside,$elsewhere" >> $RAW
    tail -n 1 $RAW | awk -F, '{printf "%s pair %d: from due %.0f -> %.0f us, x%.2f; from sent %.0f -> %.0f us, x%.2f; reader %d MiB/s%s", $1, $2, $3, $5, $5/$3, $4, $6, $6/$4, $7, $8
      if ($9) printf "; elsewhere %.0f and %.0f us, x%.2f and x%.2f, %d MiB/s", $9, $10, $9/$3, $10/$4, $11; print ""}'
  done
  of(){ grep "^$s," $RAW | awk -F, "{print $1}" | median; }
  echo "$s median: from due x$(of '$5/$3'), from sent x$(of '$6/$4'), reader $(of '$7') MiB/s"
  [ -z "$ELSEWHERE" ] || echo "$s median, elsewhere: from due x$(of '$9/$3'), from sent x$(of '$10/$4'), reader $(of '$11') MiB/s"
  kill -TERM -- -$pid 2>/dev/null; sleep 0.7; kill -KILL -- -$pid 2>/dev/null; pid=; done

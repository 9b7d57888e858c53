#!/usr/bin/env bash
# Usage: scripts/tune_sysctl.sh [--apply]
#
# Prints the kernel settings that limit a server with many connections: the value in force, the value proposed, and why.
# Changes nothing unless told to.
#
#   --apply    sets those that are lower than proposed, until the next boot (as root)
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apply=false
for option in "$@"; do
    case $option in
        -h | --help) usage "$0"; exit 0 ;;
        --apply) apply=true ;;
        *) die "unknown option $option (--help lists the options)" ;;
    esac
done
[ $apply = false ] || [ "$(id -u)" -eq 0 ] || die "--apply takes root: sudo $0 --apply"

# setting NAME VALUE REASON: a value of two numbers is a range, which is proposed if it is narrower.
setting() {
    local name=$1 proposed=$2 reason=$3 file present verdict='kept'
    file=/proc/sys/${name//.//}
    if [ ! -r "$file" ]; then
        printf '%-32s %-16s %-16s %s\n' "$name" - "$proposed" "not in this kernel or container"
        return
    fi
    present=$(tr '\t' ' ' <"$file")
    local -a now wanted
    read -r -a now <<<"$present"
    read -r -a wanted <<<"$proposed"
    if [ ${#wanted[@]} -eq 2 ]; then
        [ $((now[1] - now[0])) -ge $((wanted[1] - wanted[0])) ] || verdict='raise'
    else
        [ "${now[0]}" -ge "${wanted[0]}" ] || verdict='raise'
    fi
    if [ $verdict = 'raise' ] && [ $apply = true ]; then
        printf '%s' "$proposed" >"$file"
        verdict='set'
    fi
    printf '%-32s %-16s %-16s %-6s %s\n' "$name" "$present" "$proposed" $verdict "$reason"
}

printf '%-32s %-16s %-16s %-6s %s\n' setting "in force" proposed "" why
setting net.core.somaxconn 65535 "caps the accept queue of every listener (listen(2))"
setting net.ipv4.tcp_max_syn_backlog 65535 "handshakes not yet finished"
setting net.ipv4.ip_local_port_range "10240 65535" "outgoing ports: limits a load generator, not the server"
setting net.core.netdev_max_backlog 16384 "packets that wait for a CPU"
setting fs.file-max 2097152 "open files of the whole system"
setting fs.nr_open 1048576 "the most that a process may ask for with ulimit -n"
echo
echo "Open files of this shell (ulimit -n): soft $(ulimit -Sn), hard $(ulimit -Hn)"
if [ -r /proc/sys/kernel/io_uring_disabled ] && [ "$(cat /proc/sys/kernel/io_uring_disabled)" != 0 ]; then
    echo "io_uring is restricted here (kernel.io_uring_disabled): sysctl kernel.io_uring_disabled=0 allows it to all"
fi

#!/usr/bin/env bash
# Usage: scripts/run.sh [option...]
#
# Serves ./static on port 8080, or the repository's own static/ where there is no ./static. Installs liburing2 if it is
# missing (as root; otherwise it says the command, and the server runs on epoll), builds the server if it is missing or
# older than its sources, and starts it. Every option but --help is passed on to the server.
#
# Environment: JAVA_HOME                a JDK 22 or newer (else one is looked for)
#              RINGWAVE_JAVA_OPTIONS    options for the JVM, separated by blanks
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

wants_uring=true
has_directory=false
for option in "$@"; do
    case $option in
        -h | --help)
            usage "$0"
            if jar_is_current "$JAR" && jdk=$(find_jdk); then
                echo
                exec "$jdk/bin/java" -jar "$JAR" --help
            fi
            exit 0
            ;;
        --no-io-uring | -V | --version) wants_uring=false ;;
        --static-dir | --static-dir=*) has_directory=true ;;
    esac
done

jdk=$(require_jdk)
if [ $wants_uring = true ] && ! have_liburing; then
    install_packages liburing2 || say "going on without liburing: the server will use epoll"
fi
build_jar "$JAR"

if [ $has_directory = false ]; then
    directory=./static
    [ -d "$directory" ] || directory=$ROOT/static
    set -- --static-dir "$directory" "$@"
fi
read -r -a java_options <<<"${RINGWAVE_JAVA_OPTIONS:-}"
exec "$jdk/bin/java" ${java_options[@]+"${java_options[@]}"} -jar "$JAR" "$@"

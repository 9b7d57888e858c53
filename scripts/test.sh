#!/usr/bin/env bash
# Usage: scripts/test.sh [--all] [--endurance]
#
# Installs what the tests need (as root; otherwise it says the command), runs all of them with `mvn verify`, and lists
# every test that was skipped with its reason. The exit code is that of the tests.
#
#   --all          the long runs too: load tests of 30 seconds instead of 3, jcstress for two minutes
#   --endurance    ten minutes of mixed load on each backend instead of ten seconds, and files of each strategy
#                  changed a thousand times in each way while they are sent instead of a few times
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

arguments=(verify)
for option in "$@"; do
    case $option in
        -h | --help) usage "$0"; exit 0 ;;
        --all) arguments+=(-Psoak) ;;
        --endurance) arguments+=(-Pendurance) ;;
        *) die "unknown option $option (--help lists the options)" ;;
    esac
done

require_jdk >/dev/null
missing=()
command -v gcc >/dev/null || missing+=(gcc libc6-dev)            # the ABI probe, the seccomp filter
[ -f /usr/include/liburing.h ] || missing+=(liburing-dev)        # the ABI probe
have_liburing || missing+=(liburing2)
command -v curl >/dev/null || missing+=(curl)
command -v wrk >/dev/null || missing+=(wrk)                      # the load tests
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx) # answers to compare with, for files
command -v prometheus >/dev/null && command -v promtool >/dev/null || missing+=(prometheus) # reads the metrics
command -v chromium >/dev/null || missing+=(chromium)            # opens the live page
command -v strace >/dev/null || missing+=(strace)                # the count of system calls
command -v unshare >/dev/null || missing+=(util-linux)           # a mount namespace in which liburing is hidden
if [ ${#missing[@]} -gt 0 ]; then
    install_packages "${missing[@]}" || say "going on: tests that need them will be listed as skipped, or fail"
fi

# list_skipped: every skipped test and why, from the reports of surefire and failsafe.
list_skipped() {
    local reports
    reports=$(cd "$ROOT" && find . -path '*/target/*-reports/TEST-*.xml' 2>/dev/null | sort)
    [ -n "$reports" ] || return 0
    # shellcheck disable=SC2086 # one file per word: report names have no blanks
    cd "$ROOT" && awk '
        function attribute(name,    text) {
            if (!match($0, " " name "=\"[^\"]*\"")) return ""
            return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
        }
        function plain(text) {
            gsub(/&#10;/, " ", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text)
            gsub(/&quot;/, "\"", text); gsub(/&apos;/, "\047", text); gsub(/&amp;/, "\\&", text)
            return text
        }
        /<testcase / { test = attribute("classname") "." attribute("name") }
        /<skipped/ {
            reason = attribute("message")
            if (reason == "" && match($0, /<!\[CDATA\[[^\]]*/)) reason = substr($0, RSTART + 9, RLENGTH - 9)
            sub(/^.*Assumption failed: /, "", reason)
            skipped[++count] = plain(test ": " reason)
        }
        END {
            if (count == 0) { print "No test was skipped."; exit }
            print count " skipped:"
            for (i = 1; i <= count; i++) print "  " skipped[i]
        }' $reports
}

find "$ROOT" -path '*/target/*-reports/TEST-*.xml' -delete # of earlier runs
# The option is newer than the oldest Java that is supported; older ones refuse by --enable-native-access alone.
[ "$(java_release "$(require_jdk)")" -ge 24 ] || arguments+=(-DillegalNativeAccess=)

status=0
maven "${arguments[@]}" || status=$?
list_skipped || say "the reports of skipped tests could not be read"
exit $status

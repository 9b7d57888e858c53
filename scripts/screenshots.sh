#!/usr/bin/env bash
# Usage: scripts/screenshots.sh
#
# Takes the pictures of the live page anew, docs/img/dashboard-*.png: builds the server, puts it under load with wrk for
# a minute, and has Chromium look at it, light, dark, and as wide as a phone.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for option in "$@"; do
    case $option in
        -h | --help) usage "$0"; exit 0 ;;
        *) die "unknown option $option (--help lists the options)" ;;
    esac
done

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v wrk >/dev/null || missing+=(wrk)
[ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}" || die "pictures take them"
arguments=()
[ "$(java_release "$(require_jdk)")" -ge 24 ] || arguments+=(-DillegalNativeAccess=)

maven -q verify -pl server-app -am -Dtest=NoUnitTest -Dsurefire.failIfNoSpecifiedTests=false \
    -Dit.test=DashboardPictures -Dfailsafe.failIfNoSpecifiedTests=false "-DpicturesDirectory=$ROOT/docs/img" \
    ${arguments[@]+"${arguments[@]}"}
ls -l "$ROOT"/docs/img/dashboard-*.png

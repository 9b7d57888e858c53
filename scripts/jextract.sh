#!/bin/sh
# Regenerates the checked-in bindings of native-headers; see --help.
set -eu

usage() {
    cat <<'HELP'
usage: scripts/jextract.sh [--help]

Generates native-headers/src/generated/java again, from
  native-headers/src/main/c/*.h            the headers that jextract reads
  native-headers/src/main/jextract/*.args  what is bound, one symbol a line

Nothing is replaced unless every unit was generated. Afterwards look at `git diff --stat` and run
the ABI test: mvn verify -pl native-headers

environment
  JEXTRACT  the jextract to use (default: jextract from the PATH), for JDK 22 or newer

needs: jextract (https://jdk.java.net/jextract/), the headers of libc and liburing
  (apt-get install libc6-dev liburing-dev)
HELP
}

fail() {
    echo "jextract.sh: $1" >&2
    exit "${2:-1}"
}

case "${1:-}" in
    "") ;;
    -h | --help) usage; exit 0 ;;
    *) fail "unknown option: $1 (see --help)" 2 ;;
esac

module=$(cd "$(dirname "$0")/../native-headers" && pwd)
jextract=${JEXTRACT:-jextract}

command -v "$jextract" >/dev/null 2>&1 ||
    fail "no jextract found as '$jextract': get it from https://jdk.java.net/jextract/ and set JEXTRACT=/path/to/bin/jextract"
"$jextract" --version >/dev/null 2>&1 ||
    fail "'$jextract --version' fails: JEXTRACT must name a working jextract for JDK 22 or newer"
[ -e /usr/include/liburing.h ] ||
    fail "/usr/include/liburing.h is missing: apt-get install libc6-dev liburing-dev"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/java"

for args in "$module"/src/main/jextract/*.args; do
    unit=$(basename "$args" .args)
    # jextract reads arguments from @file, but knows no comments in it
    sed '/^#/d' "$args" >"$work/$unit.args"
    "$jextract" --output "$work/java" "@$work/$unit.args" "$module/src/main/c/$unit.h" >"$work/$unit.log" 2>&1 ||
        fail "'$jextract' failed on $unit.h: $(grep -m 1 -i 'error' "$work/$unit.log" || tail -n 1 "$work/$unit.log")"
    [ -s "$work/$unit.log" ] && cat "$work/$unit.log" >&2
done
[ -d "$work/java/io/ringwave/bindings" ] || fail "'$jextract' generated nothing"

# Newer releases of jextract emit SymbolLookup.findOrThrow, which is JDK 23; this project compiles for release 22.
find "$work/java" -name '*.java' -exec \
    sed -i 's/SYMBOL_LOOKUP\.findOrThrow(\("[^"]*"\))/SYMBOL_LOOKUP.find(\1).orElseThrow()/' {} +

rm -rf "$module/src/generated/java"
mkdir -p "$module/src/generated"
cp -R "$work/java" "$module/src/generated/java"
echo "generated $(find "$module/src/generated/java" -name '*.java' | wc -l) files in $module/src/generated/java"

# shellcheck shell=bash
# What the scripts share; sourced, not run. Sets ROOT (the repository) and JAR (the standalone server).

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this file
JAR=$ROOT/server-app/target/ringwave-server.jar
OLDEST_JAVA=22 # the first release with the final Foreign Function & Memory API

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

die() {
    say "$@"
    exit 2
}

# usage FILE: prints the comment at the head of a script, without its first line and without the marks.
usage() { sed -n '2,/^[^#]/ { /^#/ s/^# \{0,1\}//p; }' "$1"; }

# java_release HOME: the feature release of the JDK in HOME, 0 if there is none.
java_release() {
    local version=
    [ -x "$1/bin/java" ] || { echo 0; return; }
    [ -r "$1/release" ] && version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
    [ -n "$version" ] || version=$("$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    echo "${version:-0}"
}

# find_jdk: prints the home of a JDK that is new enough: JAVA_HOME, JAVA_HOME_*, /usr/lib/jvm/*, PATH.
find_jdk() {
    local home name on_path
    local -a homes=()
    [ -n "${JAVA_HOME:-}" ] && homes+=("$JAVA_HOME")
    for name in $(compgen -v JAVA_HOME_); do homes+=("${!name}"); done
    for home in /usr/lib/jvm/*; do [ -d "$home" ] && homes+=("$home"); done
    on_path=$(command -v java || true)
    [ -n "$on_path" ] && homes+=("$(dirname "$(dirname "$(readlink -f "$on_path")")")")
    for home in "${homes[@]}"; do
        if [ "$(java_release "$home")" -ge "$OLDEST_JAVA" ]; then
            echo "$home"
            return 0
        fi
    done
    return 1
}

require_jdk() {
    find_jdk || die "no JDK $OLDEST_JAVA or newer was found in JAVA_HOME, JAVA_HOME_*, /usr/lib/jvm or PATH:" \
        "install one, or set JAVA_HOME to it"
}

# Not grep -q, which leaves early: ldconfig would then fail with SIGPIPE, and the pipe with it.
have_liburing() { { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep 'liburing\.so\.2' >/dev/null; }

# install_packages NAME...: installs Debian packages as root; fails, saying the command, where it may not.
install_packages() {
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "missing, and not installed because that takes root and apt-get: sudo apt-get install $*"
        return 1
    fi
    say "installing $*"
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1; then
        # most often there is no package list yet, or an old one
        if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } >&2; then
            say "could not be installed: apt-get install $*"
            return 1
        fi
    fi
}

# maven ARGUMENT...: runs Maven at the repository's root, on a Java that Maven can use.
maven() {
    command -v mvn >/dev/null || install_packages maven || die "the build needs Maven 3.8 or newer"
    local on_path release=0
    on_path=$(command -v java || true)
    [ -n "${JAVA_HOME:-}" ] && on_path=$JAVA_HOME/bin/java
    [ -n "$on_path" ] && release=$(java_release "$(dirname "$(dirname "$(readlink -f "$on_path")")")")
    # Maven may run on an older Java than the code needs: the build finds the code's JDK itself.
    if [ "$release" -lt 17 ]; then
        (cd "$ROOT" && JAVA_HOME=$(require_jdk) mvn -B "$@")
    else
        (cd "$ROOT" && mvn -B "$@")
    fi
}

# jar_is_current FILE: whether a jar is there and newer than everything it may be made of.
jar_is_current() {
    [ -f "$1" ] && [ -z "$(find "$ROOT/pom.xml" "$ROOT"/*/pom.xml "$ROOT"/*/src \
        -path '*/src/test' -prune -o -newer "$1" -print -quit)" ]
}

# build_jar FILE: builds a jar if it is missing or older than its sources. Runs no tests.
build_jar() {
    jar_is_current "$1" && return
    say "building $(basename "$1") (the first time, Maven fetches what it needs)"
    maven -q -Dmaven.test.skip=true package >&2 || die "the build failed"
}

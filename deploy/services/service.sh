# What every service needs: jars, a process with a pid file, readiness, an orderly end. To be sourced
# by bash.
#
# Invariants: every function can be called again and then changes nothing more; only a process that
# was started here, in the folder given, is ever ended. Ports are on 127.0.0.1.
#
#   MM_SERVICES_HOME  where jars are kept, by default ~/.cache/musclemap/services

set -euo pipefail

SERVICES_HOME="${MM_SERVICES_HOME:-$HOME/.cache/musclemap/services}"
# Seconds that a service may take to get ready, and to end.
SERVICE_PATIENCE=60

# service_need PROGRAM PACKAGE: fails unless the program is there, and says what to install.
service_need() {
    command -v "$1" > /dev/null || {
        echo "$1 is missing: install the Debian package $2" >&2
        return 1
    }
}

# service_install PROGRAM PACKAGE: installs Debian's package unless the program is there, where that is allowed.
service_install() {
    command -v "$1" > /dev/null && return
    if [[ "$(id -u)" -eq 0 ]] && command -v apt-get > /dev/null; then
        (apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
            apt-get -qq install -y --no-install-recommends "$2") > /dev/null 2>&1 || true
    fi
}

# service_jars NAME POM: copies the jars that a pom.xml names, unless they are there; tells the folder.
service_jars() {
    local name="$1" pom="$2" jars="$SERVICES_HOME/$1/jars" lock work
    mkdir -p "$SERVICES_HOME/$name"
    # One fetches, whoever comes meanwhile finds them there.
    exec {lock}> "$SERVICES_HOME/$name/lock"
    flock "$lock"
    if ! cmp -s "$pom" "$jars/pom.xml"; then
        # Into a folder of its own first: what was broken off must not look complete.
        work="$(mktemp -d "$SERVICES_HOME/$name/fetch.XXXXXX")"
        cp "$pom" "$work/pom.xml"
        if ! mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="$work" >&2; then
            rm -rf "$work"
            echo "$name: the jars cannot be fetched" >&2
            return 1
        fi
        rm -rf "$jars"
        mv "$work" "$jars"
    fi
    exec {lock}>&-
    echo "$jars"
}

# service_spawn DIR COMMAND...: starts a process that outlives the shell, with its output and pid in DIR.
service_spawn() {
    local dir="$1"
    shift
    # A session of its own, so that a Ctrl-C at the terminal does not end it. As a background job it
    # leads no group yet, so setsid does not fork, and its pid is the service's.
    setsid "$@" < /dev/null >> "$dir/out" 2>&1 &
    echo "$!" > "$dir/pid"
}

# service_pid DIR: pid of the service that runs in DIR; fails if none does.
service_pid() {
    local dir="$1" pid command
    pid="$(cat "$dir/pid" 2> /dev/null)" || return 1
    # A process has no command for a moment while it becomes another, and none any more once it has ended.
    for _ in {1..10}; do
        command="$(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline")" || return 1
        if [[ -n "$command" ]] || grep -q '^State:.Z' "/proc/$pid/status" 2> /dev/null; then
            break
        fi
        sleep 0.01
    done
    # The number may be somebody else's by now; whoever is ours names the folder.
    [[ "$command" == *"$(cd "$dir" && pwd)"* ]] || return 1
    echo "$pid"
}

# service_port PORT: fails if something listens there already.
service_port() {
    if (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; then
        echo "port $1 is taken by something that was not started here" >&2
        return 1
    fi
}

# service_wait DIR COMMAND...: waits until the command succeeds, as long as the service of DIR runs.
service_wait() {
    local dir="$1" deadline=$((SECONDS + SERVICE_PATIENCE))
    shift
    until "$@"; do
        if ! service_pid "$dir" > /dev/null; then
            echo "$dir: the service ended while it started" >&2
            tail -n 20 "$dir/out" >&2
            return 1
        fi
        if ((SECONDS >= deadline)); then
            echo "$dir: not ready within $SERVICE_PATIENCE s" >&2
            tail -n 20 "$dir/out" >&2
            return 1
        fi
        sleep 0.1
    done
}

# service_stop DIR: ends the service of DIR, by force if it does not end in time.
service_stop() {
    local dir="$1" pid deadline=$((SECONDS + SERVICE_PATIENCE))
    if pid="$(service_pid "$dir")"; then
        kill "$pid" 2> /dev/null || true
        while service_pid "$dir" > /dev/null; do
            if ((SECONDS >= deadline)); then
                kill -9 "$pid" 2> /dev/null || true
            fi
            sleep 0.1
        done
    fi
    rm -f "$dir/pid"
}

# service_ask PORT BYTES COUNT: sends bytes (as printf writes them) and tells, in hexadecimal, the first
# COUNT bytes of the answer.
service_ask() {
    (
        exec 2> /dev/null
        exec 3<> "/dev/tcp/127.0.0.1/$1" || exit 1
        # shellcheck disable=SC2059
        printf "$2" >&3
        timeout 2 head -c "$3" <&3 | od -An -v -tx1 | tr -d ' \n'
    )
}

# Functions that fetch, start and stop one Kafka broker. To be sourced by bash.
#
# Invariants: every function can be called again and then changes nothing more; only a broker that
# was started here, in the folder given, is ever stopped. Ports are on 127.0.0.1; the controller has
# the port after the broker's.
#
#   MM_SERVICES_HOME  where the jars are kept, by default ~/.cache/musclemap/services
#   MM_KAFKA_HEAP     heap of a broker, by default 512m

set -euo pipefail

KAFKA_HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
KAFKA_HOME="${MM_SERVICES_HOME:-$HOME/.cache/musclemap/services}/kafka"
# Seconds that a broker may take to get ready, and to end.
KAFKA_PATIENCE=60

# Copies the jars, unless those that pom.xml names are there.
kafka_fetch() {
    local jars="$KAFKA_HOME/jars" work
    if cmp -s "$KAFKA_HERE/pom.xml" "$jars/pom.xml"; then
        return 0
    fi
    mkdir -p "$KAFKA_HOME"
    # Into a folder of its own first: what was broken off must not look complete.
    work="$(mktemp -d "$KAFKA_HOME/fetch.XXXXXX")"
    cp "$KAFKA_HERE/pom.xml" "$work/pom.xml"
    if ! mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$work"; then
        rm -rf "$work"
        echo "kafka: the jars cannot be fetched" >&2
        return 1
    fi
    rm -rf "$jars"
    mv "$work" "$jars"
}

# kafka_start DIR PORT: starts a broker with its data, log and pid file in DIR, and waits until it
# is ready. A broker that already runs there is left alone.
kafka_start() {
    local dir="$1" port="$2" pid
    if pid="$(kafka_pid "$dir")"; then
        kafka_ready "$port" "$pid"
        return
    fi
    kafka_fetch
    mkdir -p "$dir"
    dir="$(cd "$dir" && pwd)"
    sed -e "s|@PORT@|$port|g" -e "s|@CONTROLLER_PORT@|$((port + 1))|g" -e "s|@DATA@|$dir/data|g" \
        "$KAFKA_HERE/server.properties" > "$dir/server.properties"
    if [[ ! -e "$dir/data/meta.properties" ]]; then
        rm -rf "$dir/data"
        kafka_java "$dir" -Xmx128m kafka.tools.StorageTool format --standalone \
            -t "$(kafka_java "$dir" -Xmx64m kafka.tools.StorageTool random-uuid)" \
            -c "$dir/server.properties" >> "$dir/kafka.out" 2>&1
    fi
    local heap="${MM_KAFKA_HEAP:-512m}"
    # A session of its own, so that a Ctrl-C at the terminal does not end it. As a background job it
    # leads no group yet, so setsid does not fork, and its pid is the broker's.
    setsid java "-Xms$heap" "-Xmx$heap" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
        "-Dkafka.log=$dir/kafka.log" "-Dlog4j2.configurationFile=$KAFKA_HERE/log4j2.properties" \
        -cp "$KAFKA_HOME/jars/*" kafka.Kafka "$dir/server.properties" \
        < /dev/null >> "$dir/kafka.out" 2>&1 &
    pid=$!
    echo "$pid" > "$dir/kafka.pid"
    kafka_ready "$port" "$pid" || {
        tail -n 20 "$dir/kafka.out" >&2
        kafka_stop "$dir"
        return 1
    }
}

# kafka_ready PORT [PID]: waits until the broker at PORT answers, as long as PID runs.
kafka_ready() {
    local port="$1" pid="${2:-}" deadline=$((SECONDS + KAFKA_PATIENCE))
    until kafka_answers "$port"; do
        if [[ -n "$pid" ]] && ! kill -0 "$pid" 2> /dev/null; then
            echo "kafka: the broker ended while it started" >&2
            return 1
        fi
        if ((SECONDS >= deadline)); then
            echo "kafka: no answer at port $port within $KAFKA_PATIENCE s" >&2
            return 1
        fi
        sleep 0.1
    done
}

# kafka_stop DIR: ends the broker of DIR, by force if it does not end in time.
kafka_stop() {
    local dir="$1" pid deadline=$((SECONDS + KAFKA_PATIENCE))
    if pid="$(kafka_pid "$dir")"; then
        kill "$pid" 2> /dev/null || true
        while kafka_pid "$dir" > /dev/null; do
            if ((SECONDS >= deadline)); then
                kill -9 "$pid" 2> /dev/null || true
            fi
            sleep 0.1
        done
    fi
    rm -f "$dir/kafka.pid"
}

# kafka_pid DIR: pid of the broker that runs in DIR; fails if none does.
kafka_pid() {
    local dir="$1" pid
    pid="$(cat "$dir/kafka.pid" 2> /dev/null)" || return 1
    # The number may be somebody else's by now.
    local command
    command="$(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline")" || return 1
    [[ "$command" == *"kafka.Kafka $(cd "$dir" && pwd)/server.properties"* ]] || return 1
    echo "$pid"
}

# kafka_answers PORT: whether the broker there answers a request for the API versions.
kafka_answers() {
    local port="$1" answer
    # Length 10; key 18, version 0, correlation 7, no client id. The answer repeats the correlation
    # and says error 0.
    answer="$(
        exec 2> /dev/null
        exec 3<> "/dev/tcp/127.0.0.1/$port" || exit 1
        printf '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff' >&3
        timeout 2 head -c 10 <&3 | od -An -tx1 -j4 | tr -d ' \n'
    )" || return 1
    [[ "$answer" == 000000070000 ]]
}

# kafka_java DIR ARGS: runs a Java program of Kafka to its end.
kafka_java() {
    local dir="$1"
    shift
    java "-Dkafka.log=$dir/kafka.log" "-Dlog4j2.configurationFile=$KAFKA_HERE/log4j2.properties" \
        -cp "$KAFKA_HOME/jars/*" "$@"
}

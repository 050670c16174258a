# Functions that start and stop one Cassandra, which stands in for ScyllaDB. To be sourced by bash after
# service.sh.
#
#   MM_CASSANDRA_HEAP  its heap, by default 4g: each deployment of a test has a keyspace of its own, and each table takes about 1 MiB
#   MM_CASSANDRA_JAVA  more options for its JVM; -XX:TieredStopAtLevel=4 starts slower and then runs
#                      faster, as a benchmark wants it

CASSANDRA_HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# Between two requests its workers sleep 10 µs at a time and look for work, which woke them 30,000 times
# a second and took a quarter of a core from whoever shares the machine. Sleeps may last longer by so
# many nanoseconds (Linux gives 50,000 to whoever says nothing).
CASSANDRA_TIMER_SLACK=300000

cassandra_need() {
    service_need java openjdk-17-jre-headless && service_need mvn maven
}

# cassandra_start DIR PORT: starts a server with its data in DIR, and waits until it is ready. It uses
# the port after PORT as well.
cassandra_start() {
    local dir="$1" port="$2" jars heap="${MM_CASSANDRA_HEAP:-4g}"
    if ! service_pid "$dir" > /dev/null; then
        jars="$(service_jars cassandra "$CASSANDRA_HERE/pom.xml")"
        mkdir -p "$dir"
        dir="$(cd "$dir" && pwd)"
        sed -e "s|@PORT@|$port|g" -e "s|@STORAGE_PORT@|$((port + 1))|g" \
            "$CASSANDRA_HERE/cassandra.yaml" > "$dir/cassandra.yaml"
        cassandra_spawn "$dir" java "@$CASSANDRA_HERE/jvm.options" -Xms64m "-Xmx$heap" \
            ${MM_CASSANDRA_JAVA:-} \
            "-Dcassandra.config=file://$dir/cassandra.yaml" \
            "-Dlogback.configurationFile=file://$CASSANDRA_HERE/logback.xml" \
            "-Dcassandra.storagedir=$dir/data" "-Dcassandra.logdir=$dir" "-Djava.io.tmpdir=$dir" \
            -Dcassandra-foreground=yes -cp "$jars/*" org.apache.cassandra.service.CassandraDaemon
    fi
    service_wait "$dir" cassandra_answers "$port"
}

# cassandra_spawn DIR COMMAND...: as service_spawn, with longer sleeps where the kernel knows of such.
cassandra_spawn() (
    echo "$CASSANDRA_TIMER_SLACK" 2> /dev/null > /proc/self/timerslack_ns || true
    service_spawn "$@"
)

# cassandra_answers PORT: whether the server there says what it supports when it is asked for OPTIONS.
cassandra_answers() {
    [[ "$(service_ask "$1" '\x04\x00\x00\x00\x05\x00\x00\x00\x00' 5)" == 8400000006 ]]
}

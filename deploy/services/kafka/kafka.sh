# Functions that start and stop one Kafka broker. To be sourced by bash after service.sh.
#
#   MM_KAFKA_HEAP  heap of a broker, by default 512m

KAFKA_HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

kafka_need() {
    service_need java openjdk-17-jre-headless && service_need mvn maven
}

# kafka_start DIR PORT: starts a broker that is its own controller (at the port after PORT) with its
# data in DIR, and waits until it is ready.
kafka_start() {
    local dir="$1" port="$2" jars heap="${MM_KAFKA_HEAP:-512m}"
    if ! service_pid "$dir" > /dev/null; then
        jars="$(service_jars kafka "$KAFKA_HERE/pom.xml")"
        mkdir -p "$dir"
        dir="$(cd "$dir" && pwd)"
        local java=(java "-Dkafka.log=$dir/kafka.log" "-Dlog4j2.configurationFile=$KAFKA_HERE/log4j2.properties" -cp "$jars/*")
        sed -e "s|@PORT@|$port|g" -e "s|@CONTROLLER_PORT@|$((port + 1))|g" -e "s|@DATA@|$dir/data|g" \
            "$KAFKA_HERE/server.properties" > "$dir/server.properties"
        if [[ ! -e "$dir/data/meta.properties" ]]; then
            rm -rf "$dir/data"
            "${java[@]}" kafka.tools.StorageTool format --standalone \
                -t "$("${java[@]}" kafka.tools.StorageTool random-uuid)" \
                -c "$dir/server.properties" >> "$dir/out" 2>&1
        fi
        service_spawn "$dir" "${java[@]:0:1}" "-Xms$heap" "-Xmx$heap" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
            "${java[@]:1}" kafka.Kafka "$dir/server.properties"
    fi
    service_wait "$dir" kafka_answers "$port"
}

# kafka_answers PORT: whether the broker there answers a request for its API versions: length 10; key 18,
# version 0, correlation 7, no client id. The answer repeats the correlation and says error 0.
kafka_answers() {
    local answer
    answer="$(service_ask "$1" '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff' 10)"
    [[ "${answer:8}" == 000000070000 ]]
}

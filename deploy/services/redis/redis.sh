# Functions that start and stop one Redis. To be sourced by bash after service.sh.

redis_need() {
    service_install redis-server redis-server
    service_need redis-server redis-server
}

# redis_start DIR PORT: starts a server that keeps nothing, and waits until it is ready.
redis_start() {
    local dir="$1" port="$2"
    if ! service_pid "$dir" > /dev/null; then
        mkdir -p "$dir"
        dir="$(cd "$dir" && pwd)"
        # It names itself anew; the title it is told keeps the folder in it.
        service_spawn "$dir" redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no \
            --dir "$dir" --proc-title-template "{title} {listen-addr} $dir"
    fi
    service_wait "$dir" redis_answers "$port"
}

# redis_answers PORT: whether the server there answers PING with PONG.
redis_answers() {
    [[ "$(service_ask "$1" 'PING\r\n' 5)" == 2b504f4e47 ]]
}

#!/usr/bin/env bash
# Runs every lab on this machine and shows the conversations.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'EOF'
usage: scripts/demo.sh

Builds the labs, runs each server with its client on the loopback interface, and shows what both print. The system
chooses the ports, so programs that already run do not interfere. Takes a few seconds after the build. Exits with
status 0 if every reply was right.
EOF
    exit 0
fi
if [[ $# -gt 0 ]]; then
    echo "error: \`$1\` is unknown; the only option is --help" >&2
    exit 2
fi

cd "$(dirname "$0")/.."
cargo build --locked --workspace --bins
bin=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug
scratch=$(mktemp -d)
servers=()
wrong=0

stop() {
    for server in ${servers[@]+"${servers[@]}"}; do
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    done
    servers=()
}
trap 'stop; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

title() { printf '\n== %s\n' "$1"; }

# start PROGRAM [ARG…]: starts a server on a free port, waits for its `listening on` line, and sets host and port.
start() {
    local screen=$scratch/$1 waited=0
    show "$@"
    : >"$screen" # emptied here, so that the line of an earlier server is not found
    "$bin/$1" "${@:2}" >"$screen" &
    servers+=($!)
    until grep -q '^listening on ' "$screen"; do
        waited=$((waited + 1))
        if [[ $waited -gt 200 ]] || ! kill -0 "${servers[${#servers[@]} - 1]}" 2>/dev/null; then
            echo "error: \`$1\` did not start" >&2
            exit 1
        fi
        sleep 0.05
    done
    local address
    address=$(sed -n 's/^listening on //p' "$screen")
    host=${address%:*} port=${address##*:}
}

# screen PROGRAM TEXT: waits until a server has printed TEXT, and shows everything that it has printed.
screen() {
    await "$1" "$2"
    sed 's/^/  server | /' "$scratch/$1"
}

# await PROGRAM TEXT: waits until a server has printed TEXT. A line may appear shortly after its reply.
await() {
    local waited=0
    until grep -qF -- "$2" "$scratch/$1"; do
        waited=$((waited + 1))
        if [[ $waited -gt 200 ]]; then
            echo "error: \`$1\` never printed \`$2\`" >&2
            exit 1
        fi
        sleep 0.05
    done
}

# show COMMAND…: prints a command as a person would type it.
show() {
    local word line=''
    for word; do
        [[ $word =~ ^[A-Za-z0-9_./:=-]+$ ]] || word="'$word'"
        line+=" $word"
    done
    echo "\$$line"
}

# ask COMMAND…: runs a client, and shows the command and its output.
ask() {
    show "${1##*/}" "${@:2}"
    "$@" >"$scratch/reply" 2>&1 || true
    sed 's/^/  client | /' "$scratch/reply"
}

# expect TEXT: counts an error unless the last client printed TEXT.
expect() {
    if ! grep -qF -- "$1" "$scratch/reply"; then
        echo "  WRONG: the reply does not contain \`$1\`" >&2
        wrong=$((wrong + 1))
    fi
}

title 'udp-echo: one socket serves every client'
start udp-echo-server 127.0.0.1 0
ask "$bin/udp-echo-client" "$host" "$port" -m 'hello &*! 42'
expect 'From server: HELLO &*! 42'
screen udp-echo-server 'client 1: hello'
stop

title 'tcp-echo: one client at a time, over a connection'
start tcp-echo-server 127.0.0.1 0
ask "$bin/tcp-echo-client" "$host" "$port" -m 'hello stream'
expect 'From server: HELLO STREAM'
screen tcp-echo-server 'client 1 disconnected'
stop

title 'tcp-threaded: the second client is answered while the first stays connected'
start tcp-threaded-server 127.0.0.1 0 --reply count
mkfifo "$scratch/keyboard"
"$bin/tcp-echo-client" "$host" "$port" <"$scratch/keyboard" >"$scratch/first" &
servers+=($!)
exec 3>"$scratch/keyboard"
echo 'I stay' >&3
await tcp-threaded-server 'client 1: I stay'
ask "$bin/tcp-echo-client" "$host" "$port" -m 'hello'
expect 'From server: I received 5 chars: hello'
exec 3>&-
screen tcp-threaded-server 'client 1 disconnected'
wait "${servers[1]}" || true
cp "$scratch/first" "$scratch/reply"
expect 'From server: I received 6 chars: I stay'
stop

title 'rtt-client: round-trip times over UDP and over TCP'
start udp-echo-server 127.0.0.1 0 --quiet
ask "$bin/rtt-client" udp "$host" "$port" --count 3 --interval 10ms
expect 'median'
stop
start tcp-echo-server 127.0.0.1 0 --quiet
ask "$bin/rtt-client" tcp "$host" "$port" --count 3 --interval 10ms
expect 'median'
stop

title 'http-file-server: a file, requested by hand'
mkdir "$scratch/site"
echo 'Hello from a file.' >"$scratch/site/file.txt"
start http-file-server 127.0.0.1 0 --root "$scratch/site"
echo "  client | GET /file.txt HTTP/1.1"
exec 3<>"/dev/tcp/$host/$port"
printf 'GET /file.txt HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n' "$host" "$port" >&3
cat <&3 >"$scratch/reply"
exec 3>&-
sed 's/^/  client | /' "$scratch/reply"
expect 'HTTP/1.1 200 OK'
expect 'Hello from a file.'
screen http-file-server 'GET /file.txt'
stop

echo
if [[ $wrong -gt 0 ]]; then
    echo "error: $wrong replies were wrong" >&2
    exit 1
fi
echo 'All replies were right. Next: labs/README.md.'

#!/usr/bin/env bash
# Plays the three-host steps of labs 1 to 3 on the bench of topology.sh, with a capture on B.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'END'
usage: scripts/three-hosts.sh [FILE]

Plays what the handouts of udp-echo, tcp-echo and tcp-threaded do on three hosts, and shows every screen, to compare
with what you saw in the room: only the clients' ports and the numbers of threads differ. What B captures goes to FILE
(default three-hosts.pcapng); the hosts are on a hub, so that is C's conversation as well. Needs no hosts and no root;
see topology.sh. Exits 0 if all went as the handouts say.

  Part I   a server for one client at a time on A. B keeps its connection open; a second server on A finds the address
           in use; C connects, and is answered when B has left. Then the same over UDP, where C is answered at once.
  Part II  a server with a thread for each client on A, two clients on B and two on C, all answered at once.
END
    exit 0
fi
[[ $# -le 1 ]] || { echo "error: \`$2\` is unknown; see --help" >&2 && exit 2; }

here=$(dirname "$(realpath "$0")")
topology=$here/topology.sh
if [[ -z ${THREE_HOSTS_PROGRAMS-} ]]; then
    [[ -d $(dirname "${1-.}") ]] || { echo "error: there is no folder for \`$1\`; make it first" >&2 && exit 2; }
    file=$(realpath "${1-three-hosts.pcapng}")
    cd "$here/.."
    cargo build --locked --quiet -p udp-echo -p tcp-echo -p tcp-threaded --bins
    target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    export THREE_HOSTS_PROGRAMS=$target/debug
    unset TOPOLOGY
    exec "$topology" run --hub "$here/three-hosts.sh" "$file"
fi

file=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
declare -A process keyboard host_of

fail() {
    echo "error: $1" >&2
    exit 1
}

# await WHAT CONDITION…
await() {
    local tries
    for ((tries = 0; tries < 1500; tries++)); do
        ! "${@:2}" || return 0
        sleep 0.02
    done
    fail "$1 did not happen within 30 s"
}

title() { printf '\n== %s\n' "$1"; }
note() { printf '%-11s  %s\n' '' "($1)"; }

# launch NAME HOST PROGRAM [ARG…]: runs a lab's program on a host, with a keyboard and a screen of its own.
launch() {
    host_of[$1]=$2
    printf '%-11s  $ %s\n' "$1 on $2" "${*:3}"
    rm -f "$scratch/$1" "$scratch/$1.keys"
    mkfifo "$scratch/$1.keys"
    : >"$scratch/$1"
    (
        # A keyboard that somebody else still holds would never end.
        for other in "${keyboard[@]}"; do exec {other}>&-; done
        exec env --default-signal=INT "$topology" exec "$2" "$THREE_HOSTS_PROGRAMS/$3" "${@:4}"
    ) <"$scratch/$1.keys" >"$scratch/$1" 2>&1 &
    process[$1]=$!
    exec {keys}>"$scratch/$1.keys"
    keyboard[$1]=$keys
}

# types NAME TEXT
types() {
    printf '%-11s  > %s\n' "$1 on ${host_of[$1]}" "$2"
    echo "$2" >&"${keyboard[$1]}"
}

# shows NAME TEXT: waits until the screen has a line with TEXT, and shows it.
shows() {
    await "\`$2\` on the screen of $1" grep -qF -- "$2" "$scratch/$1"
    printf '%-11s  | %s\n' "$1 on ${host_of[$1]}" "$(grep -F -m 1 -- "$2" "$scratch/$1")"
}

# leaves NAME: Ctrl+D at its keyboard, and waits until the program has ended.
leaves() {
    local keys=${keyboard[$1]}
    printf '%-11s  Ctrl+D\n' "$1 on ${host_of[$1]}"
    unset "keyboard[$1]"
    exec {keys}>&-
    wait "${process[$1]}" || fail "$1 ended with status $?: $(cat "$scratch/$1")"
}

# interrupt NAME: Ctrl+C at its keyboard.
interrupt() {
    local keys=${keyboard[$1]}
    printf '%-11s  Ctrl+C\n' "$1 on ${host_of[$1]}"
    unset "keyboard[$1]"
    exec {keys}>&-
    kill -INT "${process[$1]}"
    wait "${process[$1]}" || true
}

# refused NAME PROGRAM…: a second server on A ends at once, and says why.
refused() {
    launch "$@"
    shows "$1" 'Address already in use'
    ! wait "${process[$1]}" || fail "$1 ended as if all were well"
}

connected() { [[ -n $("$topology" exec "$1" ss -tnH state established dst 10.0.3.1:25000) ]]; }
# The bytes that A's system has received from C, and A's program has not.
waiting_on_a() { [[ $("$topology" exec A ss -tnH state established src 10.0.3.1:25000 dst 10.0.3.3 | awk '{ print $1 }') == "$1" ]]; }

"$topology" capture B "$file"

title 'Part I, TCP: one client at a time'
launch server A tcp-echo-server 10.0.3.1
shows server 'listening on'
launch client-1 B tcp-echo-client 10.0.3.1 --timeout 60s
for text in 'hello from b' 'a second line' 'a third line'; do
    types client-1 "$text"
    shows client-1 "From server: ${text^^}"
done
shows server 'client 1 connected from 10.0.3.2'
shows server 'client 1: a third line'
note 'B leaves its connection open'
refused server-2 A tcp-echo-server 10.0.3.1
launch client-2 C tcp-echo-client 10.0.3.1 --timeout 60s
types client-2 'hello from c'
await "C's connection" connected C
note 'C is connected: its system says ESTAB'
await "C's line" waiting_on_a 13
note "A's system has the 13 bytes of C's line; A's program has not read them"
[[ ! -s $scratch/client-2 ]] || fail "C was answered while B was served: $(cat "$scratch/client-2")"
! grep -q '10\.0\.3\.3' "$scratch/server" || fail "A's program knew of C while B was served"
leaves client-1
shows server 'client 1 disconnected'
shows server 'client 2 connected from 10.0.3.3'
shows client-2 'From server: HELLO FROM C'
leaves client-2
shows server 'client 2 disconnected'
interrupt server

title 'Part I, UDP: everybody at once'
launch server A udp-echo-server 10.0.3.1
shows server 'listening on'
launch client-1 B udp-echo-client 10.0.3.1 --timeout 60s
for text in 'hello from b' 'a second line' 'a third line'; do
    types client-1 "$text"
    shows client-1 "From server: ${text^^}"
done
shows server 'client 1 calls from 10.0.3.2'
shows server 'client 1: a third line'
refused server-2 A udp-echo-server 10.0.3.1
launch client-2 C udp-echo-client 10.0.3.1 --timeout 60s
types client-2 'hello from c'
shows client-2 'From server: HELLO FROM C'
note "C is answered, though B's client runs on"
shows server 'client 2 calls from 10.0.3.3'
leaves client-1
leaves client-2
interrupt server

title 'Part II, TCP: a thread for each client'
launch server A tcp-threaded-server 10.0.3.1
shows server 'listening on'
number=0
for host in B B C C; do
    number=$((number + 1))
    launch "client-$number" "$host" tcp-echo-client 10.0.3.1 --timeout 60s
    types "client-$number" "hello from client $number"
    shows "client-$number" "From server: HELLO FROM CLIENT $number"
    shows server "client $number connected from 10.0.3"
done
note 'all four are connected'
for round in second third; do
    for number in 1 2 3 4; do
        types "client-$number" "the $round line of client $number"
        shows "client-$number" "From server: THE ${round^^} LINE OF CLIENT $number"
    done
done
for number in 1 2 3 4; do
    leaves "client-$number"
    shows server "client $number disconnected"
done
interrupt server

title 'The capture'
"$topology" stop B
echo "All went as the handouts say. Open $file in Wireshark."

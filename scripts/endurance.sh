#!/usr/bin/env bash
# Attacks the servers in many ways, and checks that a well-behaved client is still served.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: scripts/endurance.sh [SERVER…] [--seconds N] [--seed N]

Runs many kinds of misbehaving clients against a server at the same time. Meanwhile a well-behaved client sends requests
and checks every reply. Tests each named server; without a name: udp-echo-server, tcp-echo-server, tcp-threaded-server,
http-file-server, and udp-relay in front of an echo server. Runs in a network namespace of its own, which reaches no other
network. Takes about four minutes per server.

The misbehaving clients connect and leave, reset, half-close, never read, send one byte per second or nothing, send
garbage, or request files outside the root. They also make 100,000 short connections, and send datagrams of 0 to 65,507
random bytes, some from ports that are already closed, some from port 0. Meanwhile these conditions follow each other: 400
clients at once; the same with a limit of 64 descriptors; with a limit of 12 more threads; an event log that nobody reads;
SIGSTOP and SIGCONT; the interface down and up. Then a fresh server runs for some seconds under each of these: a memory
limit of 80 MiB (`ulimit -d`); standard output on a full disk; standard output to a closed pipe; a clock that jumps by up
to eight years (libfaketime changes the date that the program sees, but not its monotonic clock).

  --seconds N   attack for N seconds after a warm-up (default 60); a shorter run also makes fewer short connections
  --seed N      seed of the random choices; it is printed (default: a new one each time)

The table shows: replies checked, and wrong ones; crashes; descriptors, threads and resident memory (KiB) after the
warm-up and after the run, when all clients have left; peak memory; and the well-behaved client's waiting times: 99th
percentile, maximum, and the limit. Time during which the server or the interface was stopped does not count. A server may
reject a client when it is full or has no descriptor, thread or memory left; such requests are counted separately.

Status 0 means: no crash, no panic, no wrong or missing reply, no control character in the event log, no waiting time or
memory above its limit, and at the end at most 5 % more resources in use than before (for memory: or 512 KiB more).

Linux only; needs Rust, python3, iproute2, util-linux, and for the clock libfaketime (apt-get install libfaketime).
EOF
}

die() {
    echo "error: $1" >&2
    exit "${2-1}"
}

servers=() seconds=60 seed=$((RANDOM * 32768 + RANDOM))
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --seconds | --seed)
            [[ ${2-} =~ ^[1-9][0-9]{0,9}$ ]] || die "\`$1 ${2-}\`: give a whole number above 0" 2
            printf -v "${1#--}" %s "$2" && shift
            ;;
        udp-echo-server | tcp-echo-server | tcp-threaded-server | http-file-server | udp-relay) servers+=("$1") ;;
        *) die "\`$1\` is unknown; see --help" 2 ;;
    esac
    shift
done

PATH=$PATH:/usr/sbin:/sbin
[[ $(uname) == Linux ]] || die 'network namespaces exist on Linux only'
need() { command -v "$1" >/dev/null || die "\`$1\` is missing; to get it: sudo apt install $2"; }
need python3 python3
need ip iproute2
for tool in unshare setpriv; do need "$tool" util-linux; done

cd "$(dirname "$0")/.."
cargo build --locked --release --quiet -p udp-echo -p tcp-echo -p tcp-threaded -p http-file-server -p labrelay
target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
new=(unshare --net)
[[ $(id -u) -eq 0 ]] || new+=(--user --map-root-user)
"${new[@]}" true 2>/dev/null || die 'this system does not let you create a network namespace; try as root'
exec "${new[@]}" python3 -B scripts/endurance/endurance.py "$target/release" --seconds "$seconds" --seed "$seed" \
    --servers ${servers[@]+"${servers[@]}"}

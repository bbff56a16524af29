#!/usr/bin/env bash
# Makes trouble of every kind for the servers, and checks that a well-behaved client notices nothing of it.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: scripts/endurance.sh [SERVER…] [--seconds N] [--seed N]

Makes trouble of every kind for a server, all at once, and lets a well-behaved client ask all along and check each reply.
Without a name, for each in turn: udp-echo-server, tcp-echo-server, tcp-threaded-server, http-file-server. All of it
happens in a network of its own, which reaches no other. Takes about four minutes a server.

Clients that connect and leave, reset, half-close, never read, send a byte per second or nothing; garbage, requests for
files outside the root; 100,000 short connections; datagrams of 0 to 65,507 random bytes, from clients that are gone, from
port 0. Meanwhile, in turns: a crowd of 400 clients; the same with 64 descriptors at most; with 12 more threads at most; a
screen that nobody reads; SIGSTOP and SIGCONT; the interface down and up. Then, each with a server of its own for some
seconds: 80 MiB of memory (`ulimit -d`); a full disk behind the screen; a closed pipe; a clock set back and forth by up to
eight years (with libfaketime, which shows programs another date, while the time since the system's start goes on).

  --seconds N   make trouble for N seconds, after a warm-up (default 60); fewer mean fewer short connections, too
  --seed N      what is random is drawn with it; it is printed (default: another each time)

The table: replies checked and wrong ones; crashes; descriptors, threads and resident KiB after the warm-up and after the
trouble, when everybody has left; the most memory; and how long the good client waited: 99 % of its requests less than p99,
the longest, and what is allowed. The time in which the server or the interface was stopped is not counted. Where the client
may be turned away, when there is no room, no descriptor, thread or memory for one more, that is counted apart.

Status 0 means: no crash, no panic, no wrong reply, none missing, no control character on the screen, no wait and no
memory over what is allowed, and afterwards not more than 5 % (of memory: or 512 KiB) over what was in use before.

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
        udp-echo-server | tcp-echo-server | tcp-threaded-server | http-file-server) servers+=("$1") ;;
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
cargo build --locked --release --quiet -p udp-echo -p tcp-echo -p tcp-threaded -p http-file-server
target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
new=(unshare --net)
[[ $(id -u) -eq 0 ]] || new+=(--user --map-root-user)
"${new[@]}" true 2>/dev/null || die 'this system lets you make no network namespace; try it as root'
exec "${new[@]}" python3 -B scripts/endurance/endurance.py "$target/release" --seconds "$seconds" --seed "$seed" \
    --servers ${servers[@]+"${servers[@]}"}

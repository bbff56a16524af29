#!/usr/bin/env bash
# Measures our programs against common alternatives.
set -euo pipefail

usage() {
    cat <<'END'
usage: scripts/bench.sh udp|tcp|threaded|http|rtt|all [--rounds N] [--seconds S] [--json FILE] [--plot FILE.svg]

Measures our programs against common alternatives (the peers) on loopback. Each round measures every program once. The
measured server runs on core 0, the load generator on core 1. Peers that are not installed are skipped. Linux only;
needs python3. To install all peers on Debian:
    apt-get install python3 gcc libc6-dev wrk nginx-light lighttpd busybox socat ncat

  udp, tcp, threaded   the echo servers against minimal C programs (bench/*.c, close to what the kernel allows), a tokio
                       echo, and Python's socket and socketserver; with one client also against socat and ncat, which
                       echo without changing letters. The load generator is echo-load, which checks every reply.
  http                 the web server against nginx, lighttpd, busybox and python3 -m http.server. The load generator is
                       wrk with 64 persistent connections.
  rtt                  the time that rtt-client adds to a round trip, against a ping-pong program in C with the same
                       servers; three short measurements per round
  all                  all of these

  --rounds N    number of rounds (default 5)
  --seconds S   length of one measurement (default 3)
  --json FILE   also write every measurement to FILE
  --plot FILE   with threaded or all: draw latency over offered load, and processor time over the number of clients

Each figure is the median of the rounds. `µs CPU` is the processor time (user and system) of all processes of the server,
per message or request. On a busy machine it is more reliable than a rate, which depends on the load generator as much as
on the server. `ours/peer` is the ratio of the medians, with the lowest and the highest ratio of a single round in
brackets. Where less is better, a ratio below 1 means that ours is better. A web server whose name ends in `no-log` writes
no access log, and is compared with ours under --quiet.
END
}

what='' plot='' options=()
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --rounds | --seconds)
            [[ ${2-} =~ ^[1-9][0-9]{0,3}$ ]] || { echo "error: \`$1 ${2-}\`: give a whole number from 1 to 9999" >&2 && exit 2; }
            options+=("$1" "$2") && shift
            ;;
        --json | --plot)
            [[ -n ${2-} ]] || { echo "error: $1 needs a file" >&2 && exit 2; }
            [[ -w $2 || ! -e $2 && -w $(dirname "$2") ]] || { echo "error: failed to write \`$2\`" >&2 && exit 2; }
            [[ $1 == --json ]] || plot=$2
            options+=("$1" "$2") && shift
            ;;
        udp | tcp | threaded | http | rtt | all) what=$1 ;;
        *) echo "error: \`$1\` is unknown; see --help" >&2 && exit 2 ;;
    esac
    shift
done
[[ -n $what ]] || { usage >&2 && exit 2; }
[[ -z $plot || $what == threaded || $what == all ]] || { echo "error: --plot needs threaded or all" >&2 && exit 2; }
command -v python3 >/dev/null || { echo "error: python3 is missing: apt-get install python3" >&2 && exit 1; }
[[ -d /proc/self ]] || { echo 'error: this system has no /proc, from which processor times are read' >&2 && exit 1; }
exec python3 "$(dirname "$0")/bench/bench.py" "$what" ${options[@]+"${options[@]}"}

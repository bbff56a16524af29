#!/usr/bin/env bash
# Measures our programs against the ones that people would use instead.
set -euo pipefail

usage() {
    cat <<'END'
usage: scripts/bench.sh udp|tcp|threaded|http|rtt|all [--rounds N] [--seconds S] [--json FILE] [--plot FILE.svg]

Measures our programs against the ones that people would use instead, on loopback, in turns: one round of each, then
the next. The server under measurement runs on core 0, the load on core 1. Nothing is installed: the peers that are
found are taken. Linux only, needs python3. On Debian, for all peers:
    apt-get install python3 gcc libc6-dev wrk nginx-light lighttpd busybox socat ncat

  udp, tcp, threaded   the echo servers against C programs of a page (bench/*.c: what the kernel allows), a tokio
                       echo (what a Rust person would write), and Python's socket and socketserver (what handouts use);
                       with one client also against socat and ncat, which echo without capitals; the load is echo-load,
                       which checks every reply
  http                 the web server against nginx, lighttpd, busybox and python3 -m http.server; the load is wrk, with
                       64 connections that stay open
  rtt                  what rtt-client adds to a round trip time, against a ping-pong in C with the same servers, in
                       three short measurements a round
  all                  all of these

  --rounds N    rounds (default 5)
  --seconds S   length of one measurement (default 3)
  --json FILE   write every single measurement to FILE as well
  --plot FILE   with threaded or all: draw latency over offered load, and cost over the number of clients

Each figure is the median of the rounds. µs CPU is the processor time, user and system, of all of the server's
processes per message or request: on a busy machine it says more than a rate, which measures the load as much as the
server. ours/peer is the ratio of the medians, in brackets the lowest and the highest ratio of one round; where less is
better, ours is better below 1. Web servers whose name ends in no-log write no access log; ours is compared with each in
the same state.
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
            [[ -w $2 || ! -e $2 && -w $(dirname "$2") ]] || { echo "error: can't write \`$2\`" >&2 && exit 2; }
            [[ $1 == --json ]] || plot=$2
            options+=("$1" "$2") && shift
            ;;
        udp | tcp | threaded | http | rtt | all) what=$1 ;;
        *) echo "error: \`$1\` is unknown; see --help" >&2 && exit 2 ;;
    esac
    shift
done
[[ -n $what ]] || { usage >&2 && exit 2; }
[[ -z $plot || $what == threaded || $what == all ]] || { echo "error: --plot goes with threaded or all" >&2 && exit 2; }
command -v python3 >/dev/null || { echo "error: python3 is missing: apt-get install python3" >&2 && exit 1; }
[[ -d /proc/self ]] || { echo 'error: processor time is read from /proc, which this system does not have' >&2 && exit 1; }
exec python3 "$(dirname "$0")/bench/bench.py" "$what" ${options[@]+"${options[@]}"}

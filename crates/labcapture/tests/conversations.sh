#!/usr/bin/env bash
# Generates conversations of every kind between two hosts, captures them on host B, and compares labcapture with tshark.
# usage: conversations.sh LABCAPTURE [COUNT]
set -euo pipefail

here=$(realpath "$(dirname "$0")")
topology=$here/../../../scripts/topology.sh

if [[ ${1-} != --inside ]]; then
    labcapture=$(realpath "$1")
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    "$topology" run bash "$0" --inside "$directory" "${2-240}"
    python3 "$here/compare.py" "$labcapture" "$directory"/*.pcapng
    exit
fi

directory=$2 count=$3
"$topology" exec A ip address add fd00::1/64 dev eth0 nodad
"$topology" exec B ip address add fd00::2/64 dev eth0 nodad
mkfifo "$directory/stop"
"$topology" exec A python3 "$here/conversations.py" server 10.0.3.1 fd00::1 <"$directory/stop" >"$directory/ready" &
exec 3>"$directory/stop"
until [[ -s $directory/ready ]]; do sleep 0.05; done

"$topology" capture B "$directory/all.pcapng"
"$topology" exec B python3 "$here/conversations.py" client "$count" 10.0.3.1 fd00::1
"$topology" stop B

# While the cable is unplugged, packets are lost; later they are retransmitted. One capture has all of it, and the other
# one begins after the handshakes.
"$topology" exec B python3 "$here/conversations.py" lose "$topology" "$directory" 24 10.0.3.1 fd00::1
"$topology" stop B
exec 3>&-
wait

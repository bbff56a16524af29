#!/usr/bin/env bash
# Simulates three hosts on one switch.
#
# A bench consists of processes only: `hold` owns the switch, and a `guard` runs on each host. When either ends, the other
# ends too, together with everything that runs on the hosts; when the last process ends, the system removes the network.
# No file is ever left behind: other calls of this script find a bench by its guards' command lines.
set -euo pipefail

usage() {
    cat <<'END'
usage: scripts/topology.sh [--name NAME] COMMAND

Simulates three hosts on one switch, as in the lab room: A 10.0.3.1 rpi-a, B 10.0.3.2 rpi-b, C 10.0.3.3 rpi-c. Such a set
of hosts is called a bench. Each host has its own network with an interface eth0; files, programs and processes are those
of this computer. Works without root, and reaches no other network. Linux only; needs iproute2, util-linux and ethtool.

  up [OPTION…]           starts a bench
  exec HOST COMMAND…     runs a command on host A, B or C, or on the switch
  shell HOST             opens a shell there
  capture HOST FILE      starts to capture all packets of the host's eth0 in FILE, with dumpcap (pcapng), or as root also
                         with tcpdump (pcap)
  stop [HOST]            ends the captures on the host, or on all hosts, and completes their files
  status                 lists your benches and the processes on their hosts
  down                   ends the bench and everything that runs on its hosts
  run [OPTION…] COMMAND… starts a bench, runs a command, which can use `exec`, `capture` etc., and ends the bench

  --name NAME   name of the bench, to use several at once (default: $TOPOLOGY, or `bench`)
  --rate RATE   bandwidth from the switch to each host, for example `10mbit`
  --delay TIME  delay of each packet in the switch, for example `20ms`
  --loss SHARE  share of packets that the switch drops, for example `5%`
  --hub         the switch sends every packet to all hosts, so that a capture on B also shows packets between A and C
  --offload     leave checksums and segmentation to the network card, as computers do by default. Captures on the sender
                then show unfinished checksums, and segments larger than an Ethernet frame.

Commands on a host see themselves as root, so that `ip` and `tc` work; the files they create are still yours.
To unplug A's cable: `exec switch ip link set A down`.
END
}

die() {
    echo "error: $1" >&2
    exit "${2-1}"
}

# need COMMAND PACKAGE
need() {
    command -v "$1" >/dev/null || die "\`$1\` is missing; to get it: sudo apt install $2"
}

PATH=$PATH:/usr/sbin:/sbin
self=$(realpath "$0")
hosts=(A B C)

# find_benches: sets guard[NAME/HOST] and holder[NAME] from the command lines of all guards that are yours.
declare -A guard holder
find_benches() {
    local process words
    guard=() holder=()
    for process in /proc/[0-9]*; do
        [[ -O $process ]] || continue
        mapfile -d '' -t words 2>/dev/null <"$process/cmdline" || continue
        [[ ${#words[@]} -eq 6 && ${words[1]} == */topology.sh && ${words[2]} == guard ]] || continue
        guard[${words[3]}/${words[4]}]=${process#/proc/}
        holder[${words[3]}]=${words[5]}
    done
}

# find_processes PLACE…: sets processes to all processes in the network namespaces PLACE, except this process.
find_processes() {
    local process place
    processes=()
    for process in /proc/[0-9]*; do
        for place; do
            if [[ $process/ns/net -ef $place && ${process#/proc/} != "$$" ]]; then processes+=("${process#/proc/}"); fi
        done
    done
}

# clear_out PLACE…: ends all processes there. SIGTERM comes first, so that captures are completed.
clear_out() {
    local signal tries
    for signal in TERM HUP KILL; do
        for ((tries = 0; tries < 25; tries++)); do
            find_processes "$@"
            [[ ${#processes[@]} -gt 0 ]] || return 0
            [[ $tries -gt 0 ]] || kill -"$signal" "${processes[@]}" 2>/dev/null || true
            sleep 0.02
        done
    done
}

# guard NAME HOST HOLDER: runs on a host, and ends all its processes when the holder was killed.
guard() {
    trap 'leave "$3"' TERM
    trap '' HUP INT
    [[ $(ps_parent $$) == "$3" ]] || exit 1
    [[ $2 == switch ]] || hostname "rpi-${2,}" || true # for the prompt of a shell
    echo "$2"
    exec >/dev/null 2>&1
    while true; do
        sleep infinity &
        wait $! || true
    done
}

leave() {
    trap '' TERM
    [[ $(ps_parent $$) == "$1" ]] || clear_out "/proc/$$/ns/net"
    exit 0
}

ps_parent() { sed 's/.*) . \([0-9]*\) .*/\1/' "/proc/$1/stat"; }

# quietly COMMAND…: runs a command, and reports its error message in one line.
quietly() {
    local complaint
    complaint=$("$@" 2>&1) || die "\`$1\` failed: ${complaint%%$'\n'*}"
}

# hold NAME OFFLOAD AGEING RATE DELAY LOSS [COMMAND…]: builds the bench in new namespaces, and keeps it until a signal arrives,
# the command ends, or a guard ends.
hold() {
    local name=$1 offload=$2 ageing=$3 rate=$4 delay=$5 loss=$6 ready line host number place wrap places=(/proc/$$/ns/net) guards=() status=0
    shift 6
    trap 'exit 143' TERM
    trap 'exit 130' INT
    trap 'exit 129' HUP
    trap 'trap "" TERM HUP INT; clear_out "${places[@]}"' EXIT

    # /etc/hosts is replaced by a file in a memory file system, which is then detached from the directory tree.
    quietly mount -t tmpfs names /tmp
    printf '10.0.3.1 rpi-a\n10.0.3.2 rpi-b\n10.0.3.3 rpi-c\n' | cat - /etc/hosts >/tmp/hosts
    quietly mount --bind /tmp/hosts /etc/hosts
    quietly umount -l /tmp

    exec {ready}<> <(:) # a pipe, open for reading and writing
    for host in "${hosts[@]}" switch; do
        [[ $host == switch ]] && wrap=() || wrap=(unshare --net --uts)
        "${wrap[@]}" setpriv --pdeathsig TERM bash "$self" guard "$name" "$host" $$ <&- >&"$ready" 2>&1 &
        guards+=($!)
        read -r -t 10 -u "$ready" line || line=''
        [[ $line == "$host" ]] || die "the guard on $host did not start: ${line:-no reply for 10 s}"
        exec {place}<"/proc/$!/ns/net"
        [[ $host == switch ]] || places+=("/proc/$$/fd/$place")
    done
    exec {ready}<&-

    # Without link-local addresses and snooping there is no IPv6 traffic, so captures contain only the lab's packets.
    quietly ip -batch - <<END
link set lo up
link add switch type bridge mcast_snooping 0 ageing_time $ageing
link set switch addrgenmode none
link set switch up
END
    for number in 0 1 2; do
        host=${hosts[number]}
        quietly ip -batch - <<END
link add $host type veth peer name eth0 address 02:00:0a:00:03:0$((number + 1)) netns ${guards[number]}
link set $host addrgenmode none
link set $host master switch up
END
        quietly nsenter --net="${places[number + 1]}" ip -batch - <<END
link set lo up
link set eth0 addrgenmode none
address add 10.0.3.$((number + 1))/24 dev eth0
link set eth0 up
END
        [[ $offload == yes ]] || quietly nsenter --net="${places[number + 1]}" ethtool -K eth0 tx off
        shape "$host" "$rate" "$delay" "$loss"
    done

    if [[ $# -eq 0 ]]; then
        echo ready
        exec >/dev/null 2>&1
        wait -n || true
        exit 1
    fi
    # Runs in the background, so that this shell handles signals meanwhile. It still gets the keyboard and Ctrl+C.
    TOPOLOGY=$name env --default-signal=INT,QUIT "$@" <&0 &
    wait -n $! "${guards[@]}" || status=$?
    ! kill -0 $! 2>/dev/null || die 'a host of the bench has ended'
    exit "$status"
}

# shape PORT RATE DELAY LOSS: configures rate, delay and loss of the packets that the switch sends to a host.
shape() {
    local parent=root netem=()
    if [[ -n $2 ]]; then
        quietly tc qdisc add dev "$1" root handle 1: tbf rate "$2" burst 16kb latency 100ms
        parent='parent 1:1'
    fi
    [[ -z $3 ]] || netem+=(delay "$3")
    [[ -z $4 ]] || netem+=(loss "$4")
    [[ ${#netem[@]} -gt 0 ]] || return 0
    # shellcheck disable=SC2086 # the parent is one word or two
    complaint=$(tc qdisc add dev "$1" $parent netem limit 100000 "${netem[@]}" 2>&1) && return
    case $complaint in
        *unknown*) die "--delay and --loss need netem, which this kernel does not have; for UDP use \`udp-relay --delay 20ms --drop 5%\`" ;;
        *) die "\`tc\` failed with${3:+ --delay $3}${4:+ --loss $4}: ${complaint%%$'\n'*}; write a delay like 20ms and a loss like 5%" ;;
    esac
}

# new_bench NAME COMMAND…: replaces this process by the holder of a new bench.
new_bench() {
    local fresh=(unshare --mount --net --uts) complaint
    [[ $(id -u) -eq 0 ]] || fresh+=(--user --map-root-user)
    complaint=$("${fresh[@]}" true 2>&1) ||
        die "this system does not let you create a network (${complaint#unshare: }); try as root, or outside the container"
    exec ${detached:+setsid} "${fresh[@]}" bash "$self" hold "$1" "$offload" "$ageing" "$rate" "$delay" "$loss" "${@:2}"
}

# go HOST COMMAND…: replaces this process by a command on a host, in the same terminal and directory.
go() {
    local process options=(--net --uts --mount)
    process=$(guard_on "$1")
    [[ /proc/$process/ns/user -ef /proc/self/ns/user ]] || options+=(--user --preserve-credentials)
    exec nsenter --target "$process" "${options[@]}" env -C "$PWD" TOPOLOGY="$name" "${@:2}"
}

guard_on() {
    find_benches
    [[ -n ${guard[$name/A]-} ]] || die "no bench \`$name\` is running; start it with: scripts/topology.sh --name $name up"
    [[ -n ${guard[$name/$1]-} ]] || die "there is no host \`$1\`; choose A, B, C or switch" 2
    echo "${guard[$name/$1]}"
}

# await WHAT CONDITION…: waits until the condition holds.
await() {
    local tries
    for ((tries = 0; tries < 500; tries++)); do
        ! "${@:2}" || return 0
        sleep 0.02
    done
    die "$1 took more than 10 s"
}

capture() {
    local process log tool
    if command -v dumpcap >/dev/null; then
        tool=(dumpcap -q -n -i eth0 -w "$2")
        [[ $2 != *.pcap ]] || tool[2]=-P
    else
        # tcpdump drops root privileges, which fails for the apparent root of a user namespace.
        [[ $(id -u) -eq 0 ]] || need dumpcap wireshark-common
        need tcpdump 'wireshark-common, which has dumpcap'
        tool=(tcpdump -Z root --immediate-mode -i eth0 -w "$2")
        [[ $2 != *.pcapng ]] || echo 'note: dumpcap is missing; tcpdump writes pcap instead of pcapng' >&2
    fi
    guard_on "$1" >/dev/null
    log=$(mktemp)
    # shellcheck disable=SC2064 # the name is expanded now, on purpose
    trap "rm -f '$log'" EXIT
    # `stop` and `status` recognize the process by this name.
    (go "$1" setsid bash -c 'exec -a topology-capture "$@"' bash "${tool[@]}") </dev/null >/dev/null 2>"$log" &
    process=$!
    # Both tools print a line when their socket is open. From then on the system buffers the packets.
    started() { grep -qE '^File: |listening on eth0' "$log" || ! [[ -d /proc/$process ]]; }
    await "$1's capture" started
    if ! [[ -d /proc/$process ]]; then
        die "failed to capture on $1 in \`$2\`: $(grep -v '^Capturing' "$log" | head -n 1)"
    fi
}

# find_captures HOST: sets captures to the processes that capture there.
find_captures() {
    local process words
    captures=()
    find_processes "/proc/$(guard_on "$1")/ns/net"
    for process in "${processes[@]}"; do
        mapfile -d '' -t words 2>/dev/null <"/proc/$process/cmdline" || continue
        [[ ${words[0]-} != topology-capture ]] || captures+=("$process")
    done
}

stop_captures() {
    local process log
    find_captures "$1"
    for process in "${captures[@]}"; do
        # The system delivers packets in blocks, the last one after at most 250 ms. The tool wakes up, writes the block, and
        # sleeps again.
        sleep 0.3
        asleep() { grep -q '^State:.S' "/proc/$process/status" 2>/dev/null || ! [[ -d /proc/$process ]]; }
        await "reading $1's packets" asleep
        exec {log}<"/proc/$process/fd/2"
        kill -INT "$process" 2>/dev/null || true
        gone() { ! [[ -d /proc/$process ]]; }
        await "ending $1's capture" gone
        sed -nE "s/^Packets received.*: ([0-9]+)\/([0-9]+).*/$1: \1 packets captured, \2 lost/p
            s/^([0-9]+) packets captured/$1: \1 packets captured/p" <&"$log"
        exec {log}<&-
    done
}

status() {
    local process host words
    find_benches
    [[ ${#holder[@]} -gt 0 ]] || echo 'no bench is running'
    for name in "${!holder[@]}"; do
        echo "bench $name"
        for host in "${hosts[@]}"; do
            [[ -n ${guard[$name/$host]-} ]] || continue # the bench is starting or ending
            echo "  $host rpi-${host,}"
            find_processes "/proc/${guard[$name/$host]}/ns/net"
            for process in "${processes[@]}"; do
                mapfile -d '' -t words 2>/dev/null <"/proc/$process/cmdline" || continue
                [[ "${words[*]}" == 'sleep infinity' || ${words[2]-} == guard ]] || echo "    $process ${words[*]}"
            done
        done
    done
}

down() {
    find_benches
    [[ -n ${holder[$name]-} ]] || die "no bench \`$name\` is running"
    kill -TERM "${holder[$name]}" 2>/dev/null || true
    while [[ -n ${holder[$name]-} ]]; do
        sleep 0.02
        find_benches
    done
}

up() {
    local report lock
    exec {lock}<"$self" # of two concurrent calls, the second reports that the bench exists
    flock "$lock"
    find_benches
    [[ -z ${holder[$name]-} ]] || die "bench \`$name\` is already running; use it, or choose another --name"
    report=$(detached=yes new_bench "$name" </dev/null 2>&1 {lock}<&- &)
    [[ $report == ready ]] || die "${report#error: }"
}

if [[ ${1-} == guard || ${1-} == hold ]]; then
    "$@"
    exit
fi

command='' name=${TOPOLOGY-} offload=no ageing=30000 rate='' delay='' loss='' # ageing time of MAC addresses in 1/100 s
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --name) name=${2-} && shift ;;
        --rate | --delay | --loss)
            [[ -n ${2-} ]] || die "\`$1\` needs a value" 2
            printf -v "${1#--}" %s "$2" && shift
            ;;
        --offload) offload=yes ;;
        --hub) ageing=0 ;; # the switch forgets addresses at once, so it sends to every port
        -*) die "\`$1\` is unknown; see --help" 2 ;;
        *) [[ -n $command ]] && break || command=$1 ;;
    esac
    shift
done
[[ $# -eq 0 || ! $command =~ ^(up|status|down)$ ]] || die "\`$1\` is unknown; see --help" 2
[[ -n $name ]] || { [[ $command == run ]] && name=run-$$ || name=bench; }
[[ $name =~ ^[A-Za-z0-9_-]{1,32}$ ]] || die "\`$name\` is not a valid name for a bench; use letters, digits, - and _" 2
[[ $(uname) == Linux ]] || die 'network namespaces exist on Linux only'
need ip iproute2
need tc iproute2
for tool in unshare nsenter setpriv flock; do need "$tool" util-linux; done
[[ $offload == yes ]] || need ethtool ethtool

case $command in
    up | status | down) "$command" ;;
    exec) [[ $# -ge 2 ]] || die 'exec needs a host and a command: scripts/topology.sh exec A ping -c 1 rpi-b' 2 && go "$@" ;;
    shell) [[ $# -eq 1 ]] || die 'shell needs a host: scripts/topology.sh shell A' 2 && go "$1" "${SHELL:-bash}" ;;
    capture) [[ $# -eq 2 ]] || die 'capture needs a host and a file: scripts/topology.sh capture B echo.pcapng' 2 && capture "$@" ;;
    stop) for host in "${@:-${hosts[@]}}"; do stop_captures "$host"; done ;;
    run) [[ $# -ge 1 ]] || die 'run needs a command: scripts/topology.sh run SCRIPT' 2 && new_bench "$name" "$@" ;;
    '') usage >&2 && exit 2 ;;
    *) die "\`$command\` is unknown; see --help" 2 ;;
esac

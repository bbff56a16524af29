#!/usr/bin/env bash
# Tests scripts/topology.sh by its commands and by the packets and processes they produce.
# shellcheck disable=SC2016 # in errors, backticks are just that
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'END'
usage: scripts/tests/topology.sh [PART_OF_A_NAME]

Runs the tests of scripts/topology.sh, or only those whose names contain PART_OF_A_NAME. If you are root, they also run as
an ordinary user (nobody). Needs the tools of topology.sh, ping, tcpdump, and tshark with dumpcap. On Debian:
    apt-get install iproute2 util-linux ethtool iputils-ping tcpdump tshark procps
END
    exit 0
fi

here=$(dirname "$(realpath "$0")")
if [[ -z ${BENCH_PROGRAMS-} ]]; then
    cd "$here/../.."
    cargo build --locked --quiet -p udp-echo -p tcp-echo --bins
    target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    # The project's directory may not be readable for other users.
    programs=$(mktemp -d)
    trap 'rm -rf "$programs"' EXIT
    chmod 755 "$programs"
    mkdir "$programs/tests"
    cp "$target"/debug/{udp,tcp}-echo-{server,client} scripts/topology.sh "$programs"
    cp "$here/topology.sh" "$programs/tests"
    export BENCH_PROGRAMS=$programs
    cd "$programs"
    "$programs/tests/topology.sh" "$@"
    if [[ $(id -u) -eq 0 ]]; then
        setpriv --reuid 65534 --regid 65534 --clear-groups "$programs/tests/topology.sh" "$@"
    fi
    exit
fi

programs=$BENCH_PROGRAMS
topology=$programs/topology.sh
scratch=$(mktemp -d)
cd "$scratch"
export HOME=$scratch # the user nobody has no home, and tshark needs one
export TOPOLOGY=test-$$
trap '"$topology" down 2>/dev/null || true; rm -rf "$scratch"' EXIT

t() { timeout 60 "$topology" "$@"; }

fail() {
    echo "  FAILED: $1" >&2
    exit 1
}

# expect WHAT TEXT PATTERN
# shellcheck disable=SC2053 # it is a pattern
expect() { [[ $2 == $3 ]] || fail "$1: expected \`$3\`, got \`$2\`"; }

# await WHAT CONDITION…
await() {
    local tries
    for ((tries = 0; tries < 1000; tries++)); do
        ! "${@:2}" || return 0
        sleep 0.02
    done
    fail "$1 did not happen within 20 s"
}

runs() { t status | grep -qF -- "$1"; }
# $TOPOLOGY contains this process's number, so only its own benches are found.
nothing_left() { ! pgrep -f "guard $TOPOLOGY|$TOPOLOGY-mark" >/dev/null; }
listens() { grep -qs '^listening on' "$1"; }

# serve PROGRAM [ARG…]: starts it on A and waits until it listens.
serve() {
    t exec A "$programs/$1" 10.0.3.1 "${@:2}" >"$scratch/server" 2>&1 &
    await "$1 listening" listens "$scratch/server"
}

# mark HOST: starts a process on a host that runs until it is ended.
mark() {
    "$topology" exec "$1" bash -c "exec -a $TOPOLOGY-mark sleep 1000" &
    await "a process on $1" runs "$TOPOLOGY-mark"
}

hosts_reach_each_other_by_name() {
    t up
    t exec A ping -q -c 1 -W 10 rpi-c >/dev/null || fail 'A cannot reach C'
    t exec C ping -q -c 1 -W 10 rpi-b >/dev/null || fail 'C cannot reach B'
    expect 'an address looked up' "$(t exec B getent hosts 10.0.3.1)" '10.0.3.1*rpi-a'
    expect 'the names outside the bench' "$(getent hosts rpi-a || echo none)" none
    ! t exec A ping -q -c 1 -W 1 192.0.2.1 >/dev/null 2>&1 || fail 'the bench reaches another network'
}

captures_all_packets_with_right_checksums() {
    t up
    serve tcp-echo-server
    t capture B tcp.pcapng
    expect reply "$(t exec B "$programs/tcp-echo-client" rpi-a -m 'hello &*! 42' --timeout 20s)" 'From server: HELLO &\*! 42'
    t stop B >/dev/null
    # SYN, SYN-ACK, ACK; text, ACK, reply, ACK; and the close, in three segments or four.
    local flags
    flags=$(tshark -r tcp.pcapng -Y tcp -T fields -e tcp.flags.str 2>/dev/null | tr -d '·\n')
    [[ $flags =~ ^SASA.*PA?.*F.*F.*A$ || $flags =~ ^SASA.*AP.*AF.*AF ]] || fail "not the whole conversation: $flags"
    expect 'checksums of TCP' "$(tshark -r tcp.pcapng -o tcp.check_checksum:TRUE -Y tcp -T fields -e tcp.checksum.status 2>/dev/null | sort -u)" 1
}

captures_nothing_but_the_lab() {
    t up
    serve udp-echo-server
    t capture B udp.pcapng
    sleep 3 # an interface sends its announcements within this time, and there is no event to wait for
    for word in one two three; do t exec B "$programs/udp-echo-client" rpi-a -m $word --timeout 20s >/dev/null; done
    t stop >/dev/null
    expect 'datagrams' "$(tshark -r udp.pcapng -Y udp 2>/dev/null | wc -l)" 6
    expect 'checksums of UDP' "$(tshark -r udp.pcapng -o udp.check_checksum:TRUE -Y udp -T fields -e udp.checksum.status 2>/dev/null | sort -u)" 1
    expect 'packets that are neither' "$(tshark -r udp.pcapng -Y 'not udp and not arp' 2>/dev/null)" ''
}

captures_with_tcpdump_as_root() {
    local folder complaint
    mkdir bin
    for folder in /usr/bin /bin /usr/sbin /sbin; do
        # shellcheck disable=SC2226 # all into one folder
        find "$folder/" -maxdepth 1 ! -name dumpcap -exec ln -sf -t bin {} +
    done
    sed 's/^PATH=.*/PATH=$OUR_PATH/' "$topology" >bin/topology.sh
    chmod +x bin/topology.sh
    t up
    if [[ $(id -u) -ne 0 ]]; then
        complaint=$(OUR_PATH=$PWD/bin bin/topology.sh capture B b.pcap 2>&1 || true)
        expect complaint "$complaint" 'error: `dumpcap` is missing; to get it: sudo apt install wireshark-common'
        return
    fi
    OUR_PATH=$PWD/bin bin/topology.sh capture B b.pcap
    OUR_PATH=$PWD/bin bin/topology.sh capture C c.pcap
    t exec B ping -q -c 3 -i 0.01 rpi-c >/dev/null
    t stop >/dev/null
    expect 'on B' "$(tshark -r b.pcap -Y icmp 2>/dev/null | wc -l)" 6
    expect 'on C' "$(tshark -r c.pcap -Y icmp 2>/dev/null | wc -l)" 6
}

leaves_checksums_to_the_card_with_offload() {
    t up --offload
    serve udp-echo-server
    t capture B udp.pcapng
    t exec B "$programs/udp-echo-client" rpi-a -m hello --timeout 20s >/dev/null
    t stop >/dev/null
    expect 'the checksum of what B sends' "$(tshark -r udp.pcapng -o udp.check_checksum:TRUE -Y 'udp.dstport==25000' -T fields -e udp.checksum.status 2>/dev/null)" 0
}

shows_b_what_a_and_c_say_on_a_hub_only() {
    local option
    for option in '' --hub; do
        t up $option
        t exec C ping -q -c 1 -W 10 rpi-a >/dev/null # teaches the switch both addresses
        t capture B "b$option.pcapng"
        t exec C ping -q -c 2 -i 0.01 -W 10 rpi-a >/dev/null
        t stop >/dev/null
        t down
    done
    expect 'behind a switch' "$(tshark -r b.pcapng -Y icmp 2>/dev/null | wc -l)" 0
    expect 'on a hub' "$(tshark -r b--hub.pcapng -Y icmp 2>/dev/null | wc -l)" 4
}

sends_no_faster_than_the_rate() {
    t up --rate 1mbit
    # 24 kB in each direction: 16 KiB pass at once, the rest takes 8 us per byte. That is 120 ms in total.
    local rtt
    rtt=$(t exec B ping -q -c 1 -W 20 -s 24000 rpi-a | sed -n 's/^rtt [^=]*= \([0-9]*\).*/\1/p')
    [[ ${rtt:-0} -ge 100 ]] || fail "24 kB at 1 Mbit/s took ${rtt:-too many} ms in both directions"
}

delays_or_names_the_alternative() {
    local complaint
    if complaint=$(t up --delay 50ms 2>&1); then
        local rtt
        rtt=$(t exec B ping -q -c 1 -W 20 rpi-a | sed -n 's/^rtt [^=]*= \([0-9]*\).*/\1/p')
        [[ ${rtt:-0} -ge 100 ]] || fail "50 ms in each direction took ${rtt:-too many} ms in total"
    else
        expect complaint "$complaint" 'error: *need netem*udp-relay*'
        await 'the end of a bench that failed to start' nothing_left
    fi
}

asks_netem_for_delay_and_loss() {
    local commands port
    mkdir bin
    # The kernel may have no netem, so this `tc` only records its arguments.
    printf '#!/bin/sh\necho "$*" >>"%s"\n' "$PWD/commands" >bin/tc
    chmod +x bin/tc
    PATH=$PWD/bin:$PATH t up --delay 20ms --loss 5%
    commands=$(<commands)
    expect 'delay and loss' "$commands" "$(for port in A B C; do echo "qdisc add dev $port root netem limit 100000 delay 20ms loss 5%"; done)"
    t down
    rm commands
    PATH=$PWD/bin:$PATH t up --rate 10mbit --loss 1%
    commands=$(<commands)
    expect 'behind the rate' "$commands" "$(for port in A B C; do
        echo "qdisc add dev $port root handle 1: tbf rate 10mbit burst 16kb latency 100ms"
        echo "qdisc add dev $port parent 1:1 netem limit 100000 loss 1%"
    done)"
}

passes_input_output_status_and_signals_through() {
    local status=0
    t up
    expect input "$(echo hello | t exec C cat)" hello
    t exec A sh -c 'exit 7' || status=$?
    expect status $status 7
    expect folder "$(t exec A pwd)" "$PWD"
    t exec A touch mine
    [[ -O mine ]] || fail 'a file made on A is not ours'
    mark A
    kill -TERM $!
    status=0
    wait $! || status=$?
    expect 'status after TERM' $status 143
    # Ctrl+C on a terminal reaches the program, which prints a line. `exec` replaces the shell, which Ctrl+C would end too.
    mkfifo keyboard
    env --default-signal=INT SHELL=/bin/sh script -qec "exec $topology exec A bash -c 'trap \"echo caught; exit 5\" INT; echo begun; while read -r _; do :; done'" /dev/null <keyboard >screen 2>&1 &
    exec 3>keyboard
    await 'the program on a terminal' grep -q begun screen
    printf '\003' >&3
    status=0
    wait $! || status=$?
    exec 3>&-
    grep -q caught screen || fail "Ctrl+C did not arrive: $(cat screen)"
    expect 'status after Ctrl+C' $status 5
}

keeps_benches_apart() {
    t up
    t up --name "$TOPOLOGY-two"
    expect 'a second bench of the same name' "$(t up 2>&1 || true)" 'error: *is already running*'
    serve tcp-echo-server
    local reply
    reply=$(t exec B "$programs/tcp-echo-client" rpi-a -m hello --timeout 20s)
    expect 'in the first' "$reply" 'From server: HELLO'
    reply=$(t --name "$TOPOLOGY-two" exec B "$programs/tcp-echo-client" rpi-a -m hello 2>&1 || true)
    expect 'in the second' "$reply" 'error: *Connection refused*'
    t --name "$TOPOLOGY-two" down
    t exec A true || fail 'ending the second bench also ended the first'
}

ends_all_that_runs_on_its_hosts() {
    t up
    mark B
    t capture C c.pcapng
    t exec B ping -q -c 1 -W 10 rpi-c >/dev/null
    t down
    nothing_left || fail "left behind: $(pgrep -af "$TOPOLOGY")"
    tshark -r c.pcapng >/dev/null 2>&1 || fail 'the capture was cut off'
}

leaves_nothing_when_the_holder_is_killed() {
    t up
    mark A
    kill -KILL "$(pgrep -f "hold $TOPOLOGY ")"
    await 'the end of all processes' nothing_left
    t up # the name is free again
}

leaves_nothing_when_a_guard_is_killed() {
    t up
    mark A
    kill -KILL "$(pgrep -f "guard $TOPOLOGY A ")"
    await 'the end of all processes' nothing_left
}

runs_a_script_and_takes_the_bench_down() {
    local status=0 output
    output=$(t run bash -c '"$0" exec A ping -q -c 1 -W 10 rpi-b >/dev/null && "$0" exec C hostname; read -r line; echo "$line"; exit 3' "$topology" <<<hello) || status=$?
    expect status $status 3
    expect 'the output' "$output" $'rpi-c\nhello'
    await 'the end of all processes' nothing_left
}

leaves_nothing_when_a_run_is_interrupted_or_killed() {
    local signal
    for signal in TERM KILL; do
            "$topology" run bash -c '"$0" exec A bash -c "exec -a $TOPOLOGY-mark sleep 1000"' "$topology" &
        await 'a process on A' runs "$TOPOLOGY-mark"
        kill -"$signal" $!
        wait $! 2>/dev/null || true
        await "the end of all processes after $signal" nothing_left
    done
    mkfifo keyboard
    env --default-signal=INT SHELL=/bin/sh script -qec "exec $topology run $topology exec A bash -c 'exec -a $TOPOLOGY-mark sleep 1000'" /dev/null <keyboard >screen 2>&1 &
    exec 3>keyboard
    await 'a process on A' runs "$TOPOLOGY-mark"
    printf '\003' >&3
    wait $! || true
    exec 3>&-
    await 'the end of all processes after Ctrl+C' nothing_left
}

says_which_command_is_missing() {
    mkdir bin
    local command
    for command in timeout bash env realpath uname ip tc nsenter setpriv flock ethtool; do ln -s "$(PATH=$PATH:/usr/sbin command -v $command)" bin; done
    expect complaint "$(PATH=$PWD/bin t up 2>&1 || true)" 'error: `unshare` is missing; to get it: sudo apt install util-linux'
}

says_what_is_wrong_with_a_command_line() {
    local status=0
    t fly 2>/dev/null || status=$?
    expect status $status 2
    expect 'unknown word' "$(t fly 2>&1 || true)" 'error: `fly` is unknown; see --help'
    expect 'no bench' "$(t exec A true 2>&1 || true)" "error: no bench \`$TOPOLOGY\` is running; start it with: *"
    expect 'no rate' "$(t up --rate fast 2>&1 || true)" 'error: `tc` failed: *'
    t up
    expect 'no host' "$(t exec D true 2>&1 || true)" 'error: there is no host `D`*'
    expect 'no folder' "$(t capture A missing/x.pcapng 2>&1 || true)" 'error: failed to capture on A in `missing/x.pcapng`: *'
}

echo "as $(id -un)"
failed=()
for name in $(declare -F | sed 's/^declare -f //'); do
    [[ $name == *_*_* && $name == *"${1-}"* ]] || continue
    echo "  $name"
    # Runs in a subshell, so that a failure ends only this test.
    rm -rf "${scratch:?}"/*
    (set -e && "$name") & # not as part of a condition, which would disable set -e
    wait $! || failed+=("$name")
    "$topology" down 2>/dev/null || true
    "$topology" --name "$TOPOLOGY-two" down 2>/dev/null || true
done
[[ ${#failed[@]} -eq 0 ]] || { echo "error: ${#failed[@]} tests failed: ${failed[*]}" >&2 && exit 1; }

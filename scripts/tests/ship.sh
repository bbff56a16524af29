#!/usr/bin/env bash
# Tests scripts/ship.sh in a room of three simulated hosts, each with a real sshd.
# shellcheck disable=SC2016 # backticks in messages are literal
set -euo pipefail
shopt -s extglob

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'END'
usage: scripts/tests/ship.sh [PART_OF_A_NAME]

Runs the tests of scripts/ship.sh, or only those whose names contain PART_OF_A_NAME. If you are root, they also run as an
ordinary user (nobody). The hosts are those of topology.sh. Each runs its own sshd as your user, with a user `pi` and a
temporary home directory. This computer's sshd, your keys and ~/.ssh are not used. On Debian:
    apt-get install openssh-server rsync nftables binutils iproute2 util-linux ethtool bsdutils procps
END
    exit 0
fi

here=$(dirname "$(realpath "$0")")
PATH=$PATH:/usr/sbin:/sbin
machine=$(uname -m)

# release VERSION: writes a release to the folder VERSION, with the labs' programs and a workspace of one file.
release() {
    local top=tree-$1/socket-labs-$1 target name=$1/socket-labs-$1
    mkdir -p "$top" "$1"
    echo "$1" >"$top/README.md"
    tar -C "tree-$1" -c "socket-labs-$1" | gzip -1 >"$name-student.tar.gz"
    cp -r bin "$top"
    tar -C "tree-$1" -c "socket-labs-$1" | gzip -1 >"$name-programs-$machine-unknown-linux-musl.tar.gz"
    rm "$top"/bin/*
    # For other processors, the program is a script that prints its target.
    for target in aarch64-unknown-linux-musl armv7-unknown-linux-musleabihf arm-unknown-linux-musleabihf; do
        [[ $target != "$machine"* ]] || continue
        printf '#!/bin/sh\necho %s\n' "$target" >"$top/bin/udp-echo-server"
        chmod 755 "$top/bin/udp-echo-server"
        tar -C "tree-$1" -c "socket-labs-$1" | gzip -1 >"$name-programs-$target.tar.gz"
    done
    rm -r "tree-$1"
    (cd "$1" && sha256sum -- *.tar.gz >SHA256SUMS)
}

labs=(udp-echo tcp-echo tcp-threaded rtt-client http-file-server)
if [[ -z ${SHIP_TREE-} ]]; then
    cd "$here/../.."
    cargo build --locked --quiet "${labs[@]/#/--package=}" --bins
    target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    # The project's directory may not be readable for other users.
    SHIP_TREE=$(mktemp -d)
    export SHIP_TREE
    trap 'rm -rf "$SHIP_TREE"' EXIT
    chmod 755 "$SHIP_TREE"
    mkdir -p "$SHIP_TREE/bin"
    cp -r scripts "$SHIP_TREE"
    for program in {udp,tcp}-echo-{server,client} tcp-threaded-server rtt-client http-file-server; do
        strip -o "$SHIP_TREE/bin/$program" "$target/debug/$program"
    done
    cd "$SHIP_TREE"
    for version in 0.1.0 0.2.0 0.3.0; do release $version; done
    # Both run at the same time, because most of the time is waiting.
    if [[ $(id -u) -eq 0 ]]; then
        setpriv --reuid 65534 --regid 65534 --clear-groups "$SHIP_TREE/scripts/tests/ship.sh" "$@" >"$SHIP_TREE/output" 2>&1 &
        nobody=$!
        trap 'kill $nobody 2>/dev/null || true; wait; rm -rf "$SHIP_TREE"' EXIT
    fi
    status=0
    "$SHIP_TREE/scripts/tests/ship.sh" "$@" || status=1
    if [[ -n ${nobody-} ]]; then
        wait "$nobody" || status=1
        cat "$SHIP_TREE/output"
    fi
    exit $status
fi

scratch=$(mktemp -d)
cd "$scratch"
# A killed ship.sh leaves its scratch directory behind, here inside of this one.
export TOPOLOGY=ship-$$ HOME=$scratch TMPDIR=$scratch
topology=$SHIP_TREE/scripts/topology.sh
trap '"$topology" down 2>/dev/null || true; rm -rf "$scratch"' EXIT
address=([1]=10.0.3.1 [2]=10.0.3.2 [3]=10.0.3.3)

t() { timeout 60 "$topology" "$@"; }

fail() {
    printf '  FAILED: %s\n' "$1" >&2
    [[ ! -s output ]] || sed 's/^/    /' output >&2
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
    fail "$1 did not happen within 20 s: $(tail -n 3 sshd?.log 2>/dev/null)"
}

# -- the room ----------------------------------------------------------------------------------------------------------

# open_room: starts the bench, with an sshd on each host. The switch is the staff's computer.
open_room() {
    local number
    t up
    t exec switch ip address add 10.0.3.254/24 dev switch
    printf 'root:x:0:0::%s:/bin/bash\npi:*:4242:4242::%s:/bin/bash\n' "$scratch/staff" "$scratch/pi" >passwd
    mkdir -p pi staff/.ssh
    ssh-keygen -q -t ed25519 -N '' -f staff/.ssh/id_ed25519
    for number in 1 2 3; do
        mkdir -p "tools$number" "home$number/.ssh"
        cp staff/.ssh/id_ed25519.pub "home$number/.ssh/authorized_keys"
        ssh-keygen -q -t ed25519 -N '' -f "key$number"
        echo "[${address[number]}]:2222 $(cut -d' ' -f1,2 "key$number.pub")" >>staff/.ssh/known_hosts
        start_sshd "$number"
    done
    printf '# the room\npi@%s:2222 # A\n\n  pi@%s:2222 \r\npi@%s' "${address[@]}" >hosts.txt
    # An ordinary user cannot bind port 22. One host gets its port from ~/.ssh/config.
    printf 'Host %s\nPort 2222\n' "${address[3]}" >staff/.ssh/config
}

# start_sshd NUMBER [SIZE]: starts a host's sshd. The home directory is a local one, or on a disk of that size.
start_sshd() {
    local host=ABC
    host=${host:$1-1:1}
    cat >"sshd$1" <<END
ListenAddress ${address[$1]}
Port 2222
HostKey $scratch/key$1
PidFile none
UsePAM no
PasswordAuthentication no
SetEnv PATH=$scratch/tools$1:/usr/bin:/bin
END
    rm -f "sshd$1.log"
    # Runs as `pi`, with the file permissions of the current user only.
    "$topology" exec "$host" unshare --mount bash -euc '
        mount --bind passwd /etc/passwd
        if [[ -n $2 ]]; then
            mount -t tmpfs -o "size=$2,mode=755" disk pi
            cp -r "home$1/.ssh" pi
        else
            mount --bind "home$1" pi
        fi
        exec unshare --user --map-user=4242 --map-group=4242 /usr/sbin/sshd -D -e -f "$PWD/sshd$1"' \
        - "$1" "${2-}" </dev/null >"sshd$1.log" 2>&1 &
    sshd[$1]=$!
    await "sshd on $host" grep -qs '^Server listening' "sshd$1.log"
}
sshd=()

stop_sshd() {
    kill "${sshd[$1]}"
    wait "${sshd[$1]}" || true
}

# Prefix for commands on the staff's computer, with a temporary home directory. It is replaced by the command.
staff=("$topology" exec switch unshare --mount bash -euc 'mount --bind passwd /etc/passwd && exec "$@"' -)

# ship [OPTION…]: runs ship.sh on the staff's computer. The file `output` gets its output, the variable `status` its status.
ship() {
    status=0
    timeout 60 "${staff[@]}" "$SHIP_TREE/scripts/ship.sh" hosts.txt "$@" </dev/null >output 2>&1 || status=$?
}

# tool NUMBER NAME: replaces a program on a host by the script in the input.
tool() {
    { echo '#!/bin/bash' && cat; } >"tools$1/$2"
    chmod +x "tools$1/$2"
}

# says NUMBER PATTERN: checks a host's row of the table.
says() { expect "the row of host $1" "$(grep "^pi@${address[$1]}[: ]" output | tr -s ' ')" "$2"; }

# has NUMBER VERSION [KIND]: checks that a host has this complete version, or `nothing`.
has() {
    local home=home$1/socket-labs kind=${3-programs} files
    [[ $2 != nothing ]] || { [[ ! -e $home/$kind ]] || fail "host $1 has $kind"; return 0; }
    expect "the version on host $1" "$(cat "$home/$kind/README.md" 2>&1 || true)" "$2"
    [[ $kind != programs ]] || files=$(cd "$home/programs" && cmp bin/rtt-client "$SHIP_TREE/bin/rtt-client" && echo bin/*) || fail "host $1 has half a version"
    [[ $kind != programs || $files == "$(cd "$SHIP_TREE" && echo bin/*)" ]] || fail "host $1 has $files"
}

# all_have VERSION
all_have() { local n; for n in 1 2 3; do has "$n" "$1"; done; }

# state NUMBER: lists everything in a host's home directory, with times.
state() { find "home$1" -printf '%p %y %s %T@ %C@ %l\n' | sort; }

# -- the tests ---------------------------------------------------------------------------------------------------------

installs_then_upgrades_then_changes_nothing_then_rolls_back() {
    local before
    ship --status
    expect status $status 0
    says 2 "pi@10.0.3.2:2222 $machine - - *"
    ship --dist "$SHIP_TREE/0.1.0"
    expect 'status of the first' $status 0
    says 3 'pi@10.0.3.3 * 0.1.0-???????? - * installed, was nothing'
    all_have 0.1.0
    ship --dist "$SHIP_TREE/0.1.0" --rollback
    expect 'status of going back from the first' $status 1
    says 1 '*FAILED: there is no previous version*'

    before=$(state 1)
    ship --dist "$SHIP_TREE/0.2.0" --dry-run
    says 1 '*would get 0.2.0-*'
    expect 'what a dry run changed' "$(state 1)" "$before"
    ship --dist "$SHIP_TREE/0.2.0" --jobs 1
    says 1 '* 0.2.0-* installed, was 0.1.0-*'
    all_have 0.2.0

    before=$(state 1)
    ship --dist "$SHIP_TREE/0.2.0"
    expect 'status of the second run' $status 0
    says 1 '*up to date'
    expect 'what a second run changed' "$(state 1)" "$before"

    ship --rollback
    expect 'status of the rollback' $status 0
    says 2 '* 0.1.0-* rolled back from 0.2.0-*'
    all_have 0.1.0
    # The version is still there, so it is not sent again.
    for before in 1 2 3; do tool $before rsync <<<'exit 1'; done
    ship --dist "$SHIP_TREE/0.2.0"
    all_have 0.2.0
    rm tools?/rsync
    mkdir -p home1/socket-labs/versions/.{old,new}/bin # as an interrupted run leaves them
    ship --dist "$SHIP_TREE/0.3.0"
    all_have 0.3.0
    expect 'what is kept' "$(cd home1/socket-labs/versions && echo [!.]*)" 'programs-0.2.0-???????? *.before *.fingerprint programs-0.3.0-???????? *'
    expect 'what is left of sending' "$(find home1/socket-labs -name incoming -o -name '.new' -o -name '.old' -o -name '.*.new')" ''
    [[ -z $(find home1/socket-labs -name '*0.1.0*') ]] || fail 'an old version was kept'
}

leaves_another_folder_of_that_name_alone() {
    mkdir home2/socket-labs
    echo mine >home2/socket-labs/README.md
    ship --dist "$SHIP_TREE/0.1.0"
    says 2 '*FAILED: its home directory contains another socket-labs; rename that'
    expect 'what is in it' "$(ls -A home2/socket-labs)" README.md
}

sends_each_processor_its_programs() {
    tool 1 uname <<<'echo aarch64'
    tool 2 uname <<<'echo armv6l'
    tool 3 uname <<<'echo riscv64'
    ship --dist "$SHIP_TREE/0.1.0"
    expect status $status 1
    says 3 '*FAILED: the release has no programs for riscv64'
    expect 'on aarch64' "$(home1/socket-labs/programs/bin/udp-echo-server)" aarch64-unknown-linux-musl
    expect 'on armv6l' "$(home2/socket-labs/programs/bin/udp-echo-server)" arm-unknown-linux-musleabihf
    tool 3 uname <<<'echo armv7l'
    ship --dist "$SHIP_TREE/0.1.0"
    expect 'on armv7l' "$(home3/socket-labs/programs/bin/udp-echo-server)" armv7-unknown-linux-musleabihf
}

does_not_switch_to_programs_that_do_not_run() {
    ship --dist "$SHIP_TREE/0.1.0"
    cp -r "$SHIP_TREE/0.2.0" bad
    mkdir -p tree/socket-labs-0.2.0/bin
    printf '\177ELF of another machine' >tree/socket-labs-0.2.0/bin/udp-echo-server
    chmod +x tree/socket-labs-0.2.0/bin/udp-echo-server
    tar -C tree -c socket-labs-0.2.0 | gzip >"bad/socket-labs-0.2.0-programs-$machine-unknown-linux-musl.tar.gz"
    (cd bad && sha256sum -- *.tar.gz >SHA256SUMS)
    ship --dist bad
    says 1 '*FAILED: the programs do not run there'
    all_have 0.1.0
}

brings_the_workspace_to_hosts_with_cargo() {
    tool 1 cargo <<<'echo "cargo 1.85.0 (d73d2caf9 2024-12-31)"'
    tool 2 cargo <<<'echo "cargo 1.75.0"'
    tool 3 cargo <<<'exit 127'
    ship --student --dist "$SHIP_TREE/0.1.0"
    expect status $status 1
    has 1 0.1.0 student
    says 2 '*FAILED: it has Cargo 1.75.0, but needs 1.85; *sudo apt install cargo*'
    says 3 '*FAILED: it has no Cargo, but needs 1.85; *'
    mkdir -p home3/.cargo/bin # where rustup installs it
    tool 2 cargo <<<'echo "cargo 1.100.1"'
    cp tools1/cargo home3/.cargo/bin
    ship --student --dist "$SHIP_TREE/0.1.0"
    expect status $status 0
    has 2 0.1.0 student
    has 3 0.1.0 student
}

keeps_a_workspace_in_which_somebody_worked() {
    local n
    for n in 1 2 3; do tool $n cargo <<<'echo "cargo 1.85.0"'; done
    ship --student --dist "$SHIP_TREE/0.1.0"
    # The file's time is in the past, as with the clock of a Pi without a network.
    echo mine >home2/socket-labs/student/README.md
    touch -d 2020-01-01 home2/socket-labs/student/README.md
    ship --student --dist "$SHIP_TREE/0.2.0"
    says 1 '*installed, was 0.1.0-????????'
    says 2 '*; versions/student-0.1.0-???????? is kept, because its files were changed'
    ship --student --dist "$SHIP_TREE/0.3.0"
    expect status $status 0
    says 2 '*; versions/student-0.1.0-???????? is kept, because its files were changed'
    expect 'the work' "$(cat home2/socket-labs/versions/student-0.1.0-????????/README.md)" mine
    [[ -z $(find home1/socket-labs -name 'student-0.1.0*') ]] || fail 'an unchanged version was kept'
}

goes_on_without_hosts_that_are_down_or_refuse() {
    local lines
    ship --dist "$SHIP_TREE/0.1.0"
    stop_sshd 2
    rm home3/.ssh/authorized_keys
    ship --dist "$SHIP_TREE/0.2.0"
    expect status $status 1
    has 1 0.2.0
    has 2 0.1.0
    has 3 0.1.0
    says 1 '* installed, was 0.1.0-*'
    says 2 'pi@10.0.3.2:2222 - - - - FAILED: *Connection refused'
    says 3 '*FAILED: it refused your key; try `ssh pi@10.0.3.3`*run ssh-add first'
    mapfile -t lines <output
    expect 'the lines' "${#lines[@]}" 4
    # With its cable unplugged.
    t exec switch ip link set B down
    ship --status
    says 2 '*FAILED: *@(No route to host|timed out)'
}

asks_for_no_passphrase() {
    ssh-keygen -q -p -N secret -f staff/.ssh/id_ed25519 >/dev/null
    # On a terminal, ssh would prompt.
    status=0
    "${staff[@]}" timeout 30 script -qec "$SHIP_TREE/scripts/ship.sh hosts.txt --dist $SHIP_TREE/0.1.0" /dev/null </dev/null >output 2>&1 || status=$?
    expect status $status 1
    grep -q '^pi@10.0.3.1:2222 .*FAILED: it refused your key' output || fail 'the message about a key with a passphrase'
    ! grep -qi 'enter passphrase' output || fail 'it prompted'
    # With the agent it works.
    status=0
    printf '#!/bin/sh\necho secret\n' >askpass && chmod +x askpass
    "${staff[@]}" env SSH_ASKPASS="$PWD/askpass" SSH_ASKPASS_REQUIRE=force ssh-agent sh -c 'ssh-add -q && exec "$0" hosts.txt --dist "$SHIP_TREE/0.1.0"' \
        "$SHIP_TREE/scripts/ship.sh" >output 2>&1 || status=$?
    expect 'status with an agent' $status 0
    all_have 0.1.0
}

refuses_a_host_with_another_key() {
    ssh-keygen -q -t ed25519 -N '' -f other
    sed -i "s|^\[10.0.3.2\]:2222 .*|[10.0.3.2]:2222 $(cut -d' ' -f1,2 other.pub)|; /10.0.3.3/d" staff/.ssh/known_hosts
    echo 'StrictHostKeyChecking no' >>staff/.ssh/config # ship.sh must override this
    ship --dist "$SHIP_TREE/0.1.0"
    expect status $status 1
    has 1 0.1.0
    has 2 nothing
    has 3 nothing
    says 2 "*FAILED: its host key has changed; if it was reinstalled: ssh-keygen -R '\[10.0.3.2\]:2222'*"
    says 3 '*FAILED: its host key is unknown; verify it: ssh pi@10.0.3.3'
}

reports_a_full_disk_and_leaves_room_again() {
    local n size packed unpacked
    packed=$(stat -c %s "$SHIP_TREE"/0.1.0/*"programs-$machine"*)
    unpacked=$(du -sb "$SHIP_TREE/bin" | cut -f1)
    # Host 1 has no space for the archive, host 2 none to unpack it, host 3 has enough.
    for n in 1 2; do
        stop_sshd $n
    done
    start_sshd 1 $((packed / 2))
    start_sshd 2 $((packed + unpacked / 2))
    ship --dist "$SHIP_TREE/0.1.0"
    expect status $status 1
    says 1 '*FAILED: no space left on its disk'
    says 2 '*FAILED: no space left on its disk'
    has 3 0.1.0
    for n in 1 2; do
        size=$("${staff[@]}" ssh -p 2222 "pi@${address[n]}" du -sk socket-labs | cut -f1)
        [[ $size -le 20 ]] || fail "on host $n, $size KiB of the failed transfer are left"
    done
}

survives_a_transfer_that_is_cut() {
    ship --dist "$SHIP_TREE/0.1.0"
    tool 2 rsync <<<'{ stdbuf -o0 head -c 100000 && kill -KILL $PPID; } | /usr/bin/rsync "$@"' # the parent is sshd
    tool 3 rsync <<<'/usr/bin/rsync "$@" && for file in socket-labs/incoming/*; do printf x | dd of="$file" bs=1 seek=5000 conv=notrunc status=none; done'
    ship --dist "$SHIP_TREE/0.2.0"
    expect status $status 1
    has 1 0.2.0
    has 2 0.1.0
    has 3 0.1.0
    says 2 '*FAILED: the connection was lost*'
    says 3 '*FAILED: the received archive has a wrong checksum; run this again'
    rm tools?/rsync
    ship --dist "$SHIP_TREE/0.2.0"
    expect status $status 0
    all_have 0.2.0
}

says_when_rsync_is_missing() {
    tool 1 rsync <<<'echo "bash: line 1: rsync: command not found" >&2; exit 127'
    ship --dist "$SHIP_TREE/0.1.0"
    says 1 '*FAILED: rsync is missing there; on the host: sudo apt install rsync'
}

sends_nothing_of_a_release_with_a_wrong_checksum() {
    cp -r "$SHIP_TREE/0.1.0" bad
    printf x >>"bad/socket-labs-0.1.0-programs-$machine-unknown-linux-musl.tar.gz"
    ship --dist bad
    expect status $status 1
    expect output "$(<output)" 'error: `socket-labs-0.1.0-programs-*` in `bad` does not match SHA256SUMS; build the release again'
    [[ ! -e home1/socket-labs ]] || fail 'something was sent'
}

# hold NUMBER PROGRAM: makes a host's program write a line to `reached` and wait for a line in `go_on` before it starts.
hold() {
    rm -f reached go_on
    mkfifo reached go_on
    tool "$1" "$2" <<<"echo reached >$PWD/reached; read -r _ <$PWD/go_on; exec /usr/bin/$2 \"\$@\""
}

# at_rest: succeeds if no ship.sh runs, and nothing on the hosts except the listening sshd.
at_rest() { ! pgrep -f "^bash -s|rsync --server|ship.sh hosts.txt" -u "$(id -u)" >/dev/null; }

runs_servers() { pgrep -f 'server 0.0.0.0 --quiet' -u "$(id -u)" >/dev/null; }

is_on_one_version_wherever_it_is_interrupted() {
    local program signal versions=(0.1.0 0.2.0 0.3.0) from=0.1.0 to ship
    ship --dist "$SHIP_TREE/$from"
    for program in rsync/TERM rsync/KILL sha256sum/TERM tar/KILL sync/TERM ln/KILL mv/TERM; do
        signal=${program#*/} program=${program%/*}
        to=${versions[1]} versions=("${versions[@]:1}" "$from")
        hold 2 "$program"
        "${staff[@]}" "$SHIP_TREE/scripts/ship.sh" hosts.txt --dist "$SHIP_TREE/$to" </dev/null >output 2>&1 &
        ship=$!
        timeout 20 cat reached >/dev/null || fail "$program did not begin"
        kill -"$signal" $ship
        wait $ship 2>/dev/null || true
        has 2 "$from"
        rm "tools2/$program"
        exec 3<>go_on
        echo >&3
        await "the end of all work after $program" at_rest
        exec 3>&-
        expect 'the version afterwards' "$(<home2/socket-labs/programs/README.md)" "@($from|$to)"
        has 2 "$(<home2/socket-labs/programs/README.md)"
        ship --dist "$SHIP_TREE/$to"
        expect "status of the next run after $program and $signal" $status 0
        all_have "$to"
        [[ ! -e home2/socket-labs/incoming && ! -e home2/socket-labs/versions/.new ]] || fail "files are left after $program"
        from=$to
    done
}

ends_at_ctrl_c() {
    ship --dist "$SHIP_TREE/0.1.0"
    hold 3 tar
    mkfifo keyboard
    "${staff[@]}" env --default-signal=INT SHELL=/bin/sh script -qec "exec $SHIP_TREE/scripts/ship.sh hosts.txt --dist $SHIP_TREE/0.2.0" /dev/null <keyboard >output 2>&1 &
    exec 3>keyboard
    timeout 20 cat reached >/dev/null || fail 'tar did not begin'
    printf '\003' >&3
    status=0
    wait $! || status=$?
    exec 3>&-
    expect status $status 130
    grep -q 'error: interrupted; each host has its old or its new version, see --status' output || fail 'the message'
    has 3 0.1.0
    ! pgrep -f '^ssh: .*/[0-9]+\.ssh \[mux\]' -u "$(id -u)" >/dev/null || fail 'a connection is left'
}

ends_when_its_terminal_is_closed() {
    local terminal
    ship --dist "$SHIP_TREE/0.1.0"
    hold 3 tar
    "${staff[@]}" env --default-signal=HUP SHELL=/bin/sh script -qec "exec $SHIP_TREE/scripts/ship.sh hosts.txt --dist $SHIP_TREE/0.2.0" /dev/null </dev/null >output 2>&1 &
    terminal=$!
    timeout 20 cat reached >/dev/null || fail 'tar did not begin'
    kill -KILL $terminal
    wait $terminal 2>/dev/null || true
    await 'the end of ship.sh' eval '! pgrep -f "^bash .*ship.sh hosts.txt|^ssh: .*/[0-9]+\.ssh \[mux\]" -u "$(id -u)" >/dev/null'
    has 3 0.1.0
    rm tools3/tar
    exec 3<>go_on
    echo >&3
    await 'the end of all work' at_rest
    exec 3>&-
    ship --dist "$SHIP_TREE/0.2.0"
    expect 'status of the next run' $status 0
    all_have 0.2.0
}

two_at_once_do_not_disturb_each_other() {
    local first
    ship --dist "$SHIP_TREE/0.1.0"
    # The second run does all of its work while the first is still sending.
    mkfifo reached go_on
    tool 2 rsync <<END
mkdir $PWD/first 2>/dev/null || exec /usr/bin/rsync "\$@"
exec /usr/bin/rsync "\$@" < <(exec 2>/dev/null; stdbuf -o0 head -c 100000; echo reached >$PWD/reached; read -r _ <$PWD/go_on; exec cat)
END
    timeout 60 "${staff[@]}" "$SHIP_TREE/scripts/ship.sh" hosts.txt --dist "$SHIP_TREE/0.2.0" </dev/null >first_output 2>&1 &
    first=$!
    timeout 20 cat reached >/dev/null || fail 'rsync did not begin'
    ship --dist "$SHIP_TREE/0.2.0"
    expect 'status of the second' $status 0
    all_have 0.2.0
    timeout 20 bash -c 'echo >go_on' || fail 'rsync does not wait'
    status=0
    wait $first || status=$?
    expect "status of the first, which says $(<first_output)" $status 0
    all_have 0.2.0
    [[ ! -e home2/socket-labs/incoming ]] || fail "left: $(ls -A home2/socket-labs/incoming)"
}

says_what_is_wrong_with_a_command_line_or_a_list() {
    ship --fly
    expect 'unknown option' "$status $(<output)" '2 error: `--fly` is unknown; see --help'
    ship --dist
    expect 'no value' "$status $(<output)" '2 error: *'
    ship --jobs 0
    expect 'no jobs' "$status $(<output)" '2 error: `0` is not a number of jobs*'
    ship --check --status
    expect 'two tasks' "$status $(<output)" '2 error: `--status` cannot be combined with --check; *'
    ship --dist nowhere
    expect 'no release' "$status $(<output)" '1 error: there is no release in `nowhere`; *'
    mkdir two && cat "$SHIP_TREE"/0.[12].0/SHA256SUMS >two/SHA256SUMS && cp "$SHIP_TREE"/0.[12].0/*.gz two
    ship --dist two
    expect 'two versions' "$status $(<output)" '1 error: `two` contains versions 0.1.0 and 0.2.0; *'
    local line
    for line in -oProxyCommand=x pi@-oProxyCommand=x 'pi@ok pi@two' 'pi@ok;id' 'pi@$(id)' pi@ok: pi@ok:22:22 pi@ @ok pi@ok/x; do
        printf 'pi@ok\n%s\n' "$line" >hosts.txt
        ship
        [[ "$status $(<output)" == "1 error: \`hosts.txt\` line 2: \`$line\` is not a host; "* ]] || fail "the message about $line"
    done
    printf 'pi@ok\n # pi@ok\n pi@ok # again\n' >hosts.txt
    ship
    expect 'a host twice' "$status $(<output)" '1 error: `hosts.txt` line 3: `pi@ok` is also in line 1'
    echo '# nobody' >hosts.txt
    ship
    expect 'an empty list' "$status $(<output)" '1 error: `hosts.txt` contains no host; *'
    rm hosts.txt && mkdir hosts.txt
    ship
    expect 'a folder' "$status $(<output)" '1 error: failed to read the list of hosts, `hosts.txt`'
}

# cells FROM TO: prints the matrix row from one host to another, or to itself.
cells() { sed -nE "s/^pi@10.0.3.$1(:2222)?  *$2(:2222)?  *//p" output | tr -s ' ' | sed 's/ $//'; }

checks_a_room_where_all_works() {
    local n
    ship --check
    expect 'status before anything was shipped' $status 1
    ship --dist "$SHIP_TREE/0.1.0"
    ship --check
    expect status $status 0
    for n in 1 2 3; do
        expect "host $n to itself" "$(cells $n itself)" 'works works works works works'
        expect "host $n to the next" "$(cells $n "pi@10.0.3.$((n % 3 + 1))")" 'works works works works works'
    done
    expect 'the lines' "$(wc -l <output)" 7
    at_rest || fail 'a process is still running'
    ! runs_servers || fail 'a server is still running'
}

finds_a_host_whose_port_is_blocked() {
    ship --dist "$SHIP_TREE/0.1.0"
    # B drops UDP and rejects HTTP; on C, a forgotten server is still running.
    t exec B nft -f - <<'END'
add table inet wall
add chain inet wall in { type filter hook input priority 0; }
add rule inet wall in iifname eth0 udp dport 25000 drop
add rule inet wall in iifname eth0 tcp dport 6789 reject with tcp reset
END
    t exec C "$SHIP_TREE/bin/tcp-echo-server" 0.0.0.0 >forgotten 2>&1 &
    await 'the forgotten server' grep -qs '^listening on' forgotten
    ship --check
    expect status $status 1
    expect 'A to itself' "$(cells 1 itself)" 'works works works works works'
    expect 'A to B' "$(cells 1 pi@10.0.3.2)" 'no reply works works no reply refused'
    expect 'B to itself' "$(cells 2 itself)" 'works works works works works'
    expect 'B to C' "$(cells 2 pi@10.0.3.3)" 'works no server no server works works'
    expect 'C to A' "$(cells 3 pi@10.0.3.1)" 'works works works works works'
    grep -q '^pi@10.0.3.3: tcp-echo-server: failed to bind `0.0.0.0:25000`: Address already in use' output || fail 'the reason'
    stop_sshd 1
    ship --check
    expect 'A to itself, down' "$(cells 1 itself)" '- - - - -'
    expect 'A to B, A down' "$(cells 1 pi@10.0.3.2)" 'no ssh no ssh no ssh no ssh no ssh'
    grep -q '^pi@10.0.3.1:2222: FAILED: .*Connection refused' output || fail 'the reason'
}

ends_the_servers_of_a_check_that_is_killed() {
    local program signal ship
    ship --dist "$SHIP_TREE/0.1.0"
    # `cat` waits while the servers run; `timeout` starts them.
    for program in cat/TERM cat/KILL timeout/TERM timeout/KILL; do
        signal=${program#*/} program=${program%/*}
        hold 2 "$program"
        "${staff[@]}" "$SHIP_TREE/scripts/ship.sh" hosts.txt --check </dev/null >output 2>&1 &
        ship=$!
        timeout 20 cat reached >/dev/null || fail 'no server began'
        [[ $program != cat ]] || runs_servers || fail 'no server runs'
        kill -"$signal" $ship
        wait $ship 2>/dev/null || true
        rm "tools2/$program"
        timeout 20 bash -c 'echo >go_on' || fail 'nothing waits for the end of the servers'
        await 'the end of all work' at_rest
        ! runs_servers || fail "after $signal during $program a server is still running"
    done
}

echo "as $(id -un)"
failed=()
mkdir room
for name in $(declare -F | sed 's/^declare -f //'); do
    [[ $name == *_*_* && $name == *"${1-}"* ]] || continue
    echo "  $name"
    # Runs in a subshell, so that a failure ends only this test.
    (set -e && cd room && scratch=$PWD && open_room && "$name") & # not as part of a condition, which would disable set -e
    wait $! || failed+=("$name")
    "$topology" down 2>/dev/null || true
    rm -rf room && mkdir room
done
[[ ${#failed[@]} -eq 0 ]] || { echo "error: ${#failed[@]} tests failed: ${failed[*]}" >&2 && exit 1; }

# shellcheck shell=bash
# The commands that ship.sh runs on a host. ship.sh sends this file to a shell there, followed by a call of one function.
#
# All versions are directories in ~/socket-labs/versions. The links ~/socket-labs/programs and ~/socket-labs/student point to
# the versions in use. Renaming a link is the only step that changes the version in use.

set -euo pipefail
export LC_ALL=C # ship.sh searches for English error messages

die() {
    echo "error: $1" >&2
    exit 1
}

# facts: prints one line about the host.
facts() {
    local kind words cargo
    cd
    [[ ! -e socket-labs || -d socket-labs/versions ]] || die 'its home directory contains another socket-labs; rename that'
    words=("$(uname -m)")
    for kind in programs student; do words+=("$(current $kind)"); done
    # rustup installs it there, but only a login shell has that directory in PATH.
    cargo=$(PATH=$HOME/.cargo/bin:$PATH && cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9.]*\).*/\1/p') || true
    echo "facts ${words[*]} $(df -h --output=avail . | sed '1d; s/ //g') ${cargo:-0} ${SSH_CONNECTION:-}"
}

# current KIND: prints the version in use, or -.
current() {
    local link
    link=$(readlink ~/socket-labs/"$1") || link=-
    echo "${link#versions/"$1"-}"
}

# prepare KIND VERSION: creates the directories. Prints `there` if the host already has the version, as after a rollback.
prepare() {
    mkdir -p ~/socket-labs/versions
    [[ ! -d ~/socket-labs/versions/$1-$2 ]] || { echo there && return; }
    mkdir -p ~/socket-labs/incoming
}

# enter: changes to the directory of versions, and takes the lock for changes.
enter() {
    cd ~/socket-labs/versions 2>/dev/null || die 'nothing has been shipped there yet'
    exec {lock}>.lock
    flock -w 60 "$lock" || die 'another ship.sh has been working there for a minute'
}

# switch KIND VERSION: makes a version the one in use. First syncs its data to disk, in case of a power failure.
switch() {
    sync -f .
    ln -sfn "versions/$1-$2" "../.$1.new"
    mv -T "../.$1.new" "../$1"
    sync -f .
}

# fingerprint FOLDER: prints a value that changes with the files. The current time plays no part: a Pi without a network has
# no reliable clock.
fingerprint() { (cd "$1" && find . -printf '%P %s %T@\n' | sort | sha256sum); }

# tidy_incoming: removes rsync's old partial files. A recent one may belong to a transfer that is still running.
tidy_incoming() {
    find ../incoming -name '.*' -type f -mmin +60 -delete 2>/dev/null || true
    rmdir ../incoming 2>/dev/null || true
}

# install KIND VERSION ARCHIVE SUM: unpacks the received archive, and switches to it.
install() {
    kind=$1 version=$2 archive=$3
    enter
    rm -rf .new .old # left by an interrupted run
    come=../incoming/$archive
    trap 'rm -rf .new "$come"; tidy_incoming' EXIT
    if [[ ! -d $kind-$version ]]; then
        echo "$4 *$come" | sha256sum --check --status || die 'the received archive has a wrong checksum; run this again'
        mkdir .new
        tar -xz --no-same-owner --strip-components 1 -C .new -f "$come"
        [[ $kind != programs ]] || .new/bin/udp-echo-server --version >/dev/null || die 'the programs do not run there'
        fingerprint .new >"$kind-$version.fingerprint"
        mv -T .new "$kind-$version"
    fi
    before=$(current "$kind")
    [[ $before != "$version" ]] || return 0
    # Written before the switch, so that a single rename also changes the previous version.
    ln -sfn "$kind-$before" "$kind-$version.before"
    switch "$kind" "$version"
    for old in "$kind"-*/; do
        old=${old%/}
        [[ $old != *.before && $old != "$kind-$version" ]] || continue
        if [[ $(fingerprint "$old") != "$(<"$old.fingerprint")" ]]; then
            echo "note versions/$old is kept, because its files were changed"
        elif [[ $old != "$kind-$before" ]]; then
            mv -T "$old" .old # a partly deleted directory must not look like a version
            rm -rf .old "$old".*
        fi
    done
}

# roll_back KIND
roll_back() {
    enter
    local before
    before=$(readlink "$1-$(current "$1").before" || true)
    [[ -d $before ]] || die 'there is no previous version'
    switch "$1" "${before#"$1"-}"
}

# serve ADDRESS SERVER…: runs servers until its input ends, and prints the first line of each.
serve() {
    local any=0.0.0.0 server output line outputs=()
    [[ $1 != *:* ]] || any=::
    cd ~/socket-labs/programs/bin
    folder=$(mktemp -d) processes=()
    trap 'kill ${processes[@]+"${processes[@]}"} 2>/dev/null || true; rm -rf "$folder"' EXIT
    trap 'exit 1' PIPE HUP TERM # ends the servers too if the connection is lost while they start
    echo HELLO >"$folder/hello.txt"
    for server in "${@:2}"; do
        local root=()
        [[ $server != http-file-server ]] || root=(--root "$folder")
        # The time limit ends a server that is left behind.
        exec {output}< <(exec timeout 120 "./$server" "$any" --quiet "${root[@]}" 2>&1)
        processes+=($!) outputs+=("$output")
        read -r -t 10 -u "$output" line || line='it printed nothing'
        echo "$server $line"
    done
    echo ready
    cat >/dev/null
    kill "${processes[@]}" 2>/dev/null || true
    processes=()
    for output in "${outputs[@]}"; do cat <&"$output" >/dev/null; done # until the server has ended
}

# probe ADDRESS LAB…: sends requests to the labs' servers at an address. Prints the state of each: works, refused, no reply …
probe() {
    local address=$1 lab reply status state
    cd ~/socket-labs/programs/bin
    for lab in "${@:2}"; do
        status=0
        case $lab in
            udp-echo) reply=$(./udp-echo-client "$address" -m hello --timeout 2s 2>&1) || status=$? ;;
            tcp-*) reply=$(./tcp-echo-client "$address" -m hello --timeout 2s 2>&1) || status=$? ;;
            rtt-client)
                reply=$(for way in udp tcp; do
                    ./rtt-client $way "$address" --quiet --count 5 --interval 5ms --timeout 2s || exit
                done 2>&1) || status=$?
                [[ $status -ne 0 ]] || reply=HELLO
                ;;
            http-file-server)
                # shellcheck disable=SC2016 # for the shell inside
                reply=$(timeout 4 bash -c 'exec 3<>"/dev/tcp/$0/6789"
                    printf "GET /hello.txt HTTP/1.1\r\nHost: room\r\nConnection: close\r\n\r\n" >&3
                    cat <&3' "$address" 2>&1) || status=$?
                ;;
        esac
        case "$status ${reply,,}" in
            0*hello*) state=works ;;
            *refused*) state=refused ;;
            124* | *'no reply'* | *'timed out'* | *'within 2 s'*) state='no reply' ;;
            *'no route'* | *unreachable*) state='no route' ;;
            *) state="failed: ${reply##*$'\n'}" ;;
        esac
        echo "$lab $state"
    done
}

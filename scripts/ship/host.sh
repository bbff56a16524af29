# shellcheck shell=bash
# What ship.sh has done on a host. It is sent there as the input of a shell, with a call of one of these functions.
#
# All versions lie side by side in ~/socket-labs/versions. In use is the one to which the link ~/socket-labs/programs or
# ~/socket-labs/student points, so that one rename changes it, and nothing else does.

set -euo pipefail
export LC_ALL=C # what goes wrong is looked for in English

die() {
    echo "error: $1" >&2
    exit 1
}

# facts: one line about the host.
facts() {
    local kind words cargo
    cd
    [[ ! -e socket-labs || -d socket-labs/versions ]] || die 'its home folder has another socket-labs; rename that'
    words=("$(uname -m)")
    for kind in programs student; do words+=("$(current $kind)"); done
    # Where rustup puts it; only a login would have added it.
    cargo=$(PATH=$HOME/.cargo/bin:$PATH && cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9.]*\).*/\1/p') || true
    echo "facts ${words[*]} $(df -h --output=avail . | sed '1d; s/ //g') ${cargo:-0} ${SSH_CONNECTION:-}"
}

# current KIND: the version in use, or -.
current() {
    local link
    link=$(readlink ~/socket-labs/"$1") || link=-
    echo "${link#versions/"$1"-}"
}

# prepare KIND VERSION: makes the folders, and tells whether the version need not be sent, as after a rollback.
prepare() {
    mkdir -p ~/socket-labs/versions
    [[ ! -d ~/socket-labs/versions/$1-$2 ]] || { echo there && return; }
    mkdir -p ~/socket-labs/incoming
}

# enter: into the folder, where only one may change anything at a time.
enter() {
    cd ~/socket-labs/versions 2>/dev/null || die 'nothing was ever shipped there'
    exec {lock}>.lock
    flock -w 60 "$lock" || die 'somebody else has been shipping to it for a minute'
}

# switch KIND VERSION: the rename. The data are on the disk before, as people pull plugs.
switch() {
    sync -f .
    ln -sfn "versions/$1-$2" "../.$1.new"
    mv -T "../.$1.new" "../$1"
    sync -f .
}

# fingerprint FOLDER: changes when somebody works there. Not by the clock, as that of a Pi without a network goes back.
fingerprint() { (cd "$1" && find . -printf '%P %s %T@\n' | sort | sha256sum); }

# tidy_incoming: what rsync has begun to write may be somebody else's, who is still sending; unless it is old.
tidy_incoming() {
    find ../incoming -name '.*' -type f -mmin +60 -delete 2>/dev/null || true
    rmdir ../incoming 2>/dev/null || true
}

# install KIND VERSION ARCHIVE SUM: unpacks what has come, and switches to it.
install() {
    kind=$1 version=$2 archive=$3
    enter
    rm -rf .new .old # left by somebody who was interrupted
    come=../incoming/$archive
    trap 'rm -rf .new "$come"; tidy_incoming' EXIT
    if [[ ! -d $kind-$version ]]; then
        echo "$4 *$come" | sha256sum --check --status || die 'what arrived has a wrong checksum; run this again'
        mkdir .new
        tar -xz --no-same-owner --strip-components 1 -C .new -f "$come"
        [[ $kind != programs ]] || .new/bin/udp-echo-server --version >/dev/null || die 'the programs do not run there'
        fingerprint .new >"$kind-$version.fingerprint"
        mv -T .new "$kind-$version"
    fi
    before=$(current "$kind")
    [[ $before != "$version" ]] || return 0
    # Before the switch, so that this one rename also changes what is `before`.
    ln -sfn "$kind-$before" "$kind-$version.before"
    switch "$kind" "$version"
    for old in "$kind"-*/; do
        old=${old%/}
        [[ $old != *.before && $old != "$kind-$version" ]] || continue
        if [[ $(fingerprint "$old") != "$(<"$old.fingerprint")" ]]; then
            echo "note somebody worked in versions/$old, which stays"
        elif [[ $old != "$kind-$before" ]]; then
            mv -T "$old" .old # so that half of one is never taken for a version
            rm -rf .old "$old".*
        fi
    done
}

# roll_back KIND
roll_back() {
    enter
    local before
    before=$(readlink "$1-$(current "$1").before" || true)
    [[ -d $before ]] || die 'there is no version before'
    switch "$1" "${before#"$1"-}"
}

# serve ADDRESS SERVER…: runs servers until its input ends, and tells how each began.
serve() {
    local any=0.0.0.0 server output line outputs=()
    [[ $1 != *:* ]] || any=::
    cd ~/socket-labs/programs/bin
    folder=$(mktemp -d) processes=()
    trap 'kill ${processes[@]+"${processes[@]}"} 2>/dev/null || true; rm -rf "$folder"' EXIT
    trap 'exit 1' PIPE HUP TERM # so that they end, too, when the one who asked has gone before all have begun
    echo HELLO >"$folder/hello.txt"
    for server in "${@:2}"; do
        local root=()
        [[ $server != http-file-server ]] || root=(--root "$folder")
        # With a limit, for nobody may be left to end them.
        exec {output}< <(exec timeout 120 "./$server" "$any" --quiet "${root[@]}" 2>&1)
        processes+=($!) outputs+=("$output")
        read -r -t 10 -u "$output" line || line='it says nothing'
        echo "$server $line"
    done
    echo ready
    cat >/dev/null
    kill "${processes[@]}" 2>/dev/null || true
    processes=()
    for output in "${outputs[@]}"; do cat <&"$output" >/dev/null; done # until it has ended
}

# probe ADDRESS LAB…: asks the labs' servers at an address, and tells for each: works, refused, no reply, or more.
probe() {
    local address=$1 lab said status state
    cd ~/socket-labs/programs/bin
    for lab in "${@:2}"; do
        status=0
        case $lab in
            udp-echo) said=$(./udp-echo-client "$address" -m hello --timeout 2s 2>&1) || status=$? ;;
            tcp-*) said=$(./tcp-echo-client "$address" -m hello --timeout 2s 2>&1) || status=$? ;;
            rtt-client)
                said=$(for way in udp tcp; do
                    ./rtt-client $way "$address" --quiet --count 5 --interval 5ms --timeout 2s || exit
                done 2>&1) || status=$?
                [[ $status -ne 0 ]] || said=HELLO
                ;;
            http-file-server)
                # shellcheck disable=SC2016 # for the shell inside
                said=$(timeout 4 bash -c 'exec 3<>"/dev/tcp/$0/6789"
                    printf "GET /hello.txt HTTP/1.1\r\nHost: room\r\nConnection: close\r\n\r\n" >&3
                    cat <&3' "$address" 2>&1) || status=$?
                ;;
        esac
        case "$status ${said,,}" in
            0*hello*) state=works ;;
            *refused*) state=refused ;;
            124* | *'no reply'* | *'timed out'* | *'within 2 s'*) state='no reply' ;;
            *'no route'* | *unreachable*) state='no route' ;;
            *) state="failed: ${said##*$'\n'}" ;;
        esac
        echo "$lab $state"
    done
}

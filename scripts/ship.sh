#!/usr/bin/env bash
# Brings a release to the computers of a lab room, and checks the room.
#
# Each host has a job of its own, in the background, which leaves a row of the table that ends it all. What is done on
# the host is in ship/host.sh.
set -euo pipefail
here=$(dirname "$(realpath "$0")")

usage() {
    cat <<'END'
usage: scripts/ship.sh HOSTS.txt [--programs|--student] [OPTION…]

Brings what scripts/release.sh wrote into dist/ to all computers in a list, over ssh and rsync, with your keys, agent
and ~/.ssh/config. It asks nothing: each host must let you in without a password, and its host key must be known. A host
needs neither Rust (but for --student) nor the internet. One that cannot be reached, or has no room, is reported at the
end, and the others go on. A second run changes nothing where all is well.

  HOSTS.txt     a host per line, `user@name` or `user@name:port`; what follows a # is a comment
  --programs    the programs for the host's processor, as ~/socket-labs/programs (this is the default)
  --student     the students' workspace, as ~/socket-labs/student; needs Cargo 1.85 there

  --dry-run     says what would be done, and does nothing
  --status      shows what each host has
  --rollback    goes back to the version that was there before
  --check       runs the server and the client of each lab on every host, against itself and from there against the
                next host in the list (after the last comes the first), on the labs' own ports, and prints what works
  --jobs N      how many hosts at a time (default 8)
  --dist DIR    where the release is (default: dist/ of this repository)

The version before stays, and those in which somebody has worked. Interrupted, it leaves every host on the old version
or on the new one; run it again. Exits 0 if all is well on all hosts, 1 if not, 2 if it was called wrongly.
END
}

die() {
    echo "error: $1" >&2
    exit "${2-1}"
}

# reach HOST: sets reach to the command that leads there; the first connection serves the ones after it.
reach() {
    reach=(ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -o ServerAliveInterval=5
        -o ForwardAgent=no -o ForwardX11=no -o ControlMaster=auto -o ControlPersist=10 -o "ControlPath=$scratch/$1.ssh")
    [[ -z ${port[$1]} ]] || reach+=(-o "Port=${port[$1]}")
}

# there HOST FUNCTION [WORD…]: calls a function of ship/host.sh on a host, with our input. Complaints go to the job's log.
there() {
    reach "$1"
    {
        # In braces: the shell over there reads all of it before it begins, so that half of it does nothing.
        printf '{\n%s\n%s\nexit\n}\n' "$(<"$here/ship/host.sh")" "$(printf '%q ' "${@:2}")"
        cat
    } | "${reach[@]}" "${host[$1]//[\[\]]/}" bash -s 2>>"$scratch/$i.log"
}

# send FILE: to this job's host.
send() {
    reach "$i"
    rsync --times --timeout 60 -e "$(printf "'%s' " "${reach[@]}")" "$1" "${host[i]}:socket-labs/incoming/" \
        2>>"$scratch/$i.log"
}

# give_up [WHY]: ends the work on a host, by default with what the programs said about it.
give_up() {
    local said why=${1-}
    said=$(tr -d '\r' <"$scratch/$i.log")
    [[ -n $why ]] || case $said in
        *'HOST IDENTIFICATION HAS CHANGED'*)
            why="its host key has changed; if it was set up anew: ssh-keygen -R '$known_as', then log in by hand once" ;;
        *'Host key verification failed'*) why="its host key is unknown; compare it: $by_hand" ;;
        *'Permission denied ('*)
            why="it refused your key; try \`$by_hand\`, and for a key with a passphrase first ssh-add" ;;
        *'No space left'* | *'quota exceeded'*) why='no space left on its disk' ;;
        *'rsync: command not found'* | *'rsync: not found'*) why='it has no rsync; on it: sudo apt install rsync' ;;
        *'unexpectedly closed'* | *'in socket IO'* | *'closed by remote host'* | *'timeout in data'* | *'Broken pipe'*)
            why='the connection was cut; run this again' ;;
        *error:\ *) why=${said##*error: } why=${why%%$'\n'*} ;;
        *) why=${said##*$'\n'} ;;
    esac
    finish "FAILED: ${why:-ssh was cut off}" 1
}

# finish RESULT [STATUS]: the host's row of the table, and the end of its job.
finish() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$machine" "$programs" "$student" "$free" "$1" >"$scratch/$i.row"
    [[ ! -t 2 ]] || echo "${label[i]}: $1" >&2
    exit "${2-0}"
}

learn() {
    local line
    line=$(there "$i" facts </dev/null) || give_up
    line=${line##*facts } # the shell there may have greeted us
    read -r machine programs student free cargo _ _ address _ <<<"$line"
}

# ship: the job of a host.
ship() {
    local what now wanted name notes
    learn
    now=${!kind}
    case $mode in
        status) finish reached ;;
        rollback)
            there "$i" roll_back "$kind" </dev/null || give_up
            learn
            finish "rolled back from $now"
            ;;
    esac
    case $kind/$machine in
        student/*)
            what=student
            [[ $(printf '%s\n' 1.85 "$cargo" | sort -V | head -n 1) == 1.85 ]] ||
                give_up "it has $([[ $cargo == 0 ]] && echo 'no Cargo' || echo "Cargo $cargo"), and 1.85 is needed; on it, \
online: sudo apt install cargo (Raspberry Pi OS on Debian 13), or https://rustup.rs"
            ;;
        */aarch64) what='programs-aarch64-unknown-linux-musl' ;; # the kernel counts: all of the program is in its file
        */armv7* | */armv8l) what='programs-armv7-unknown-linux-musleabihf' ;;
        */armv6*) what='programs-arm-unknown-linux-musleabihf' ;;
        *) what=programs-$machine-unknown-linux-musl ;;
    esac
    name=${archive[$what]-}
    [[ -n $name ]] || give_up "the release has no programs for $machine"
    wanted=$version-${sum[$what]:0:8}
    [[ $now != "$wanted" ]] || finish 'has it already'
    [[ $mode != dry-run ]] || finish "would get $wanted"
    notes=$(there "$i" prepare "$kind" "$wanted" </dev/null) || give_up
    [[ $notes == *there ]] || send "$dist/$name" || give_up
    notes=$(there "$i" install "$kind" "$wanted" "$name" "${sum[$what]}" </dev/null | sed -n 's/^note /; /p') || give_up
    learn
    finish "new, before it ${now/#-/nothing}${notes//$'\n'/}"
}

labs=(udp-echo tcp-echo tcp-threaded rtt-client http-file-server)

# check: the job of a host, whose servers it runs; asked from itself, and from the host before it in the list.
check() {
    local servers asked client clients=("$i") requests replies lab state missing
    declare -A cell
    learn
    [[ $programs != - ]] || give_up 'it has no programs; ship them first'
    [[ ${#host[@]} -eq 1 ]] || clients+=($(((i + ${#host[@]} - 1) % ${#host[@]})))
    mkfifo "$scratch/$i.requests" "$scratch/$i.replies"
    # In two rounds, for two of the labs have the same port.
    for servers in 'udp-echo-server tcp-echo-server http-file-server' tcp-threaded-server; do
        asked='udp-echo tcp-echo rtt-client http-file-server'
        [[ $servers != tcp-threaded-server ]] || asked=tcp-threaded
        # shellcheck disable=SC2086 # lists of words
        there "$i" serve "$address" $servers <"$scratch/$i.requests" >"$scratch/$i.replies" &
        # The servers over there end when their input does, and that is also when we are killed.
        exec {requests}>"$scratch/$i.requests" {replies}<"$scratch/$i.replies"
        missing=' '
        while read -r -t 60 -u "$replies" lab state && [[ $lab != ready ]]; do
            [[ $state == listening* ]] || note "${label[i]}: $lab: ${state#error: }"
            [[ $state == listening* ]] || missing+="${lab%-server} "
        done
        [[ $lab == ready ]] || give_up
        for client in "${clients[@]}"; do
            # shellcheck disable=SC2086
            there "$client" probe "$address" $asked </dev/null >"$scratch/$i.states" || true
            while read -r lab state; do
                [[ $missing != *" $lab "* ]] || state='no server'
                [[ $state != failed:* ]] || note "${label[client]} to ${label[i]}: $lab: ${state#failed: }"
                cell[$client/$lab]=${state%%:*}
            done <"$scratch/$i.states"
        done
        exec {requests}>&- {replies}<&-
        wait $! || true
    done
    for client in "${clients[@]}"; do
        for lab in "${labs[@]}"; do echo "${cell[$client/$lab]-no ssh}"; done >"$scratch/$client-$i.cells"
    done
    finish checked
}

# note TEXT: a line below the matrix.
note() { echo "$1" >>"$scratch/$i.notes"; }

# print_versions: the table of hosts. Fails if a host did.
print_versions() {
    local i words status=0 format="%-${width}s  %-8s %-27s %-27s %5s  %s\n"
    # shellcheck disable=SC2059 # the widths are in it
    printf "$format" HOST MACHINE PROGRAMS STUDENT FREE RESULT
    for i in "${!host[@]}"; do
        IFS=$'\t' read -r -a words <"$scratch/$i.row"
        # shellcheck disable=SC2059
        printf "$format" "${label[i]}" "${words[@]}"
        [[ ${words[4]} != FAILED* ]] || status=1
    done
    return $status
}

# print_matrix: who reaches whom with what. Fails if not all works.
print_matrix() {
    local i to cells status=0 format="%-${width}s  %-${width}s  %-9s %-9s %-13s %-11s %s\n"
    # shellcheck disable=SC2059 # the widths are in it
    printf "$format" FROM TO "${labs[@]}"
    for i in "${!host[@]}"; do
        for to in "$i" $(((i + 1) % ${#host[@]})); do
            mapfile -t cells < <(cat "$scratch/$i-$to.cells" 2>/dev/null || printf '%s\n' - - - - -)
            # shellcheck disable=SC2059
            printf "$format" "${label[i]}" "$([[ $i -eq $to ]] && echo itself || echo "${label[to]}")" "${cells[@]}"
            [[ "${cells[*]}" == 'works works works works works' ]] || status=1
            [[ ${#host[@]} -gt 1 ]] || break
        done
    done
    [[ $status -ne 0 ]] || return 0
    echo
    for i in "${!host[@]}"; do
        sed -n "s/.*\tFAILED/${label[i]}: FAILED/p" "$scratch/$i.row"
        [[ ! -f $scratch/$i.notes ]] || cat "$scratch/$i.notes"
    done
    cat <<'END'
no reply: a firewall that drops (on the host: sudo nft list ruleset), a cable, or an address that another host has, too
refused: nobody listens there, or a firewall refuses     no route: a cable, an address, a mask, or a firewall that refuses
no server: the server did not start, see above           no ssh, -: the host could not be reached from here
END
    return 1
}

# read_hosts FILE: sets label, host and port, by number.
read_hosts() {
    local line number=0
    local pattern='^(([A-Za-z0-9_][A-Za-z0-9_.-]*@)?([A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\]))(:([0-9]{1,5}))?$'
    declare -A seen
    while read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        line=${line%%#*}
        read -r line <<<"${line//$'\r'/}" # without the blanks around it, nor the ends of lines of Windows
        [[ -n $line ]] || continue
        [[ $line =~ $pattern ]] || die "\`$1\` line $number: \`$line\` is no host; write user@name or user@name:port"
        [[ -z ${seen[$line]-} ]] || die "\`$1\` line $number: \`$line\` is there already, in line ${seen[$line]}"
        seen[$line]=$number label+=("$line") host+=("${BASH_REMATCH[1]}") port+=("${BASH_REMATCH[5]}")
        [[ ${#line} -le $width ]] || width=${#line}
    done <"$1"
    [[ ${#host[@]} -gt 0 ]] || die "\`$1\` names no host; write one a line, as user@name"
}

# read_release: sets version, archive and sum from the release, once its archives have been found as they should be.
read_release() {
    local line pattern='^([0-9a-f]{64}) [ *](socket-labs-([0-9A-Za-z.+_-]+)-(programs-[a-z0-9_-]+|student)\.tar\.gz)$'
    [[ -r $dist/SHA256SUMS ]] ||
        die "there is no release in \`$dist\`; make one with scripts/release.sh, or name its folder with --dist"
    while read -r line; do
        [[ $line =~ $pattern && ${BASH_REMATCH[4]} == "$kind"* ]] || continue
        [[ ${version:-${BASH_REMATCH[3]}} == "${BASH_REMATCH[3]}" ]] ||
            die "\`$dist\` has the versions $version and ${BASH_REMATCH[3]}; take a folder for each"
        sum[${BASH_REMATCH[4]}]=${BASH_REMATCH[1]} archive[${BASH_REMATCH[4]}]=${BASH_REMATCH[2]} version=${BASH_REMATCH[3]}
        (cd "$dist" && sha256sum --check --status <<<"$line" 2>/dev/null) ||
            die "\`${BASH_REMATCH[2]}\` in \`$dist\` is not what its SHA256SUMS says; make the release anew"
    done <"$dist/SHA256SUMS"
    [[ -n $version ]] || die "the release in \`$dist\` has no archive for --$kind"
}

mode=ship kind=programs list='' dist=$here/../dist at_a_time=8
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --programs | --student) kind=${1#--} ;;
        --dry-run | --status | --rollback | --check)
            [[ $mode == ship ]] || die "\`$1\` and what stands before it are two tasks; take one" 2
            mode=${1#--}
            ;;
        --jobs) at_a_time=${2-} && shift ;;
        --dist) dist=${2-} && shift ;;
        -*) die "\`$1\` is unknown; see --help" 2 ;;
        *) [[ -z $list ]] || die "\`$1\` is a second list; take one" 2 && list=$1 ;;
    esac
    shift || die 'the last option needs a value' 2
done
[[ $at_a_time =~ ^[1-9][0-9]?$ ]] || die "\`$at_a_time\` is no number of jobs; take 1 to 99" 2
[[ -n $list ]] || die 'no list of hosts; see --help' 2
[[ -r $list && ! -d $list ]] || die "failed to read \`$list\`; it is the list of hosts, see --help"
for tool in ssh:openssh-client rsync:rsync; do
    command -v "${tool%:*}" >/dev/null || die "\`${tool%:*}\` is missing; to get it: sudo apt install ${tool#*:}"
done

declare -A archive sum
label=() host=() port=() width=4 version='' jobs=()
read_hosts "$list"
[[ ! $mode =~ ship|dry-run ]] || read_release

# clean_up: ends all that runs here, and the connections.
clean_up() {
    local job
    trap '' INT TERM HUP
    exec 2>/dev/null # Bash would tell of each job that it has ended
    for job in $(jobs -rp); do kill -TERM -- "-$job" || true; done
    for job in "$scratch"/*.ssh; do [[ ! -S $job ]] || ssh -o ControlPath="$job" -O exit host || true; done
    rm -rf "$scratch"
}
interrupted() {
    echo "error: interrupted; each host is on its old or its new version, see --status" >&2
    exit "$1"
}
scratch=$(mktemp -d)
trap clean_up EXIT
trap 'interrupted 130' INT
trap 'interrupted 143' TERM
trap 'interrupted 129' HUP

job() {
    trap - EXIT
    machine=- programs=- student=- free=- by_hand="ssh ${port[i]:+-p ${port[i]} }${host[i]//[\[\]]/}"
    known_as=${host[i]#*@} known_as=${port[i]:+[}${known_as//[\[\]]/}${port[i]:+]:${port[i]}}
    [[ $mode != check ]] || check
    ship
}

set -m # each job is a process group, which can be ended as a whole
for i in "${!host[@]}"; do
    [[ ${#jobs[@]} -lt $at_a_time ]] || wait -n || true
    printf '%s\t' - - - - 'FAILED: ended early' >"$scratch/$i.row"
    : >"$scratch/$i.log"
    (job) </dev/null &
    jobs+=($!)
done
wait
if [[ $mode == check ]]; then print_matrix; else print_versions; fi

#!/usr/bin/env bash
# Copies a release to the computers of a lab room, and checks the room.
#
# A background job per host does the work and writes the host's row of the final table. ship/host.sh contains the commands
# that run on the host.
set -euo pipefail
here=$(dirname "$(realpath "$0")")

usage() {
    cat <<'END'
usage: scripts/ship.sh HOSTS.txt [--programs|--student] [OPTION…]

Copies the release in dist/ (see scripts/release.sh) to all listed computers, over ssh and rsync, with your keys,
agent and ~/.ssh/config. It never prompts: you must be able to log in to each host without a password, and its host key
must be known. A host needs no internet, and Rust only for --student. If a host cannot be reached or has no space, the
other hosts still get the release, and the final table names the problem. A second run changes nothing on hosts that
are up to date.

  HOSTS.txt     one host per line, `user@name` or `user@name:port`; # starts a comment
  --programs    copies the programs for the host's processor to ~/socket-labs/programs (default)
  --student     copies the students' workspace to ~/socket-labs/student; the host needs Cargo 1.85

  --dry-run     shows what would be done, and changes nothing
  --status      shows the versions on each host
  --rollback    goes back to the previous version
  --check       runs each lab's server and client on every host. A host's client connects to its own server and to that
                of the next host in the list (the last host's to the first). Uses the labs' default ports.
  --jobs N      number of hosts at a time (default 8)
  --dist DIR    directory of the release (default: dist/ of this repository)

The previous version is kept, and so is every version in which someone has changed files. If you interrupt the script,
each host has either the old or the new version; run it again. Exits with status 0 if every host succeeded, 1 if not, and
2 for a wrong command line.
END
}

die() {
    echo "error: $1" >&2
    exit "${2-1}"
}

# reach HOST: sets reach to the ssh command for a host. Later connections share the first one.
reach() {
    reach=(ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -o ServerAliveInterval=5
        -o ForwardAgent=no -o ForwardX11=no -o ControlMaster=auto -o ControlPersist=10 -o "ControlPath=$scratch/$1.ssh")
    [[ -z ${port[$1]} ]] || reach+=(-o "Port=${port[$1]}")
}

# there HOST FUNCTION [WORD…]: calls a function of ship/host.sh on a host, with this shell's input. Errors go to the job's log.
there() {
    reach "$1"
    {
        # Because of the braces, the remote shell reads everything before it runs anything: a partial script does nothing.
        printf '{\n%s\n%s\nexit\n}\n' "$(<"$here/ship/host.sh")" "$(printf '%q ' "${@:2}")"
        cat
    } | "${reach[@]}" "${host[$1]//[\[\]]/}" bash -s 2>>"$scratch/$i.log"
}

# send FILE: copies a file to this job's host.
send() {
    reach "$i"
    rsync --times --timeout 60 -e "$(printf "'%s' " "${reach[@]}")" "$1" "${host[i]}:socket-labs/incoming/" \
        2>>"$scratch/$i.log"
}

# give_up [WHY]: ends the job with a reason, by default with one derived from the programs' error messages.
give_up() {
    local output why=${1-}
    output=$(tr -d '\r' <"$scratch/$i.log")
    [[ -n $why ]] || case $output in
        *'HOST IDENTIFICATION HAS CHANGED'*)
            why="its host key has changed; if it was reinstalled: ssh-keygen -R '$known_as', then log in once by hand" ;;
        *'Host key verification failed'*) why="its host key is unknown; verify it: $by_hand" ;;
        *'Permission denied ('*)
            why="it refused your key; try \`$by_hand\`; if your key has a passphrase, run ssh-add first" ;;
        *'No space left'* | *'quota exceeded'*) why='no space left on its disk' ;;
        *'rsync: command not found'* | *'rsync: not found'*) why='rsync is missing there; on the host: sudo apt install rsync' ;;
        *'unexpectedly closed'* | *'in socket IO'* | *'closed by remote host'* | *'timeout in data'* | *'Broken pipe'*)
            why='the connection was lost; run this again' ;;
        *error:\ *) why=${output##*error: } why=${why%%$'\n'*} ;;
        *) why=${output##*$'\n'} ;;
    esac
    finish "FAILED: ${why:-the ssh connection was lost}" 1
}

# finish RESULT [STATUS]: writes the host's row of the table, and ends its job.
finish() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$machine" "$programs" "$student" "$free" "$1" >"$scratch/$i.row"
    [[ ! -t 2 ]] || echo "${label[i]}: $1" >&2
    exit "${2-0}"
}

learn() {
    local line
    line=$(there "$i" facts </dev/null) || give_up
    line=${line##*facts } # the login shell may print a greeting before
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
                give_up "it has $([[ $cargo == 0 ]] && echo 'no Cargo' || echo "Cargo $cargo"), but needs 1.85; on the host, with \
internet: sudo apt install cargo (Raspberry Pi OS on Debian 13), or https://rustup.rs"
            ;;
        */aarch64) what='programs-aarch64-unknown-linux-musl' ;; # static programs need only a matching kernel
        */armv7* | */armv8l) what='programs-armv7-unknown-linux-musleabihf' ;;
        */armv6*) what='programs-arm-unknown-linux-musleabihf' ;;
        *) what=programs-$machine-unknown-linux-musl ;;
    esac
    name=${archive[$what]-}
    [[ -n $name ]] || give_up "the release has no programs for $machine"
    wanted=$version-${sum[$what]:0:8}
    [[ $now != "$wanted" ]] || finish 'up to date'
    [[ $mode != dry-run ]] || finish "would get $wanted"
    notes=$(there "$i" prepare "$kind" "$wanted" </dev/null) || give_up
    [[ $notes == *there ]] || send "$dist/$name" || give_up
    notes=$(there "$i" install "$kind" "$wanted" "$name" "${sum[$what]}" </dev/null | sed -n 's/^note /; /p') || give_up
    learn
    finish "installed, was ${now/#-/nothing}${notes//$'\n'/}"
}

labs=(udp-echo tcp-echo tcp-threaded rtt-client http-file-server)

# check: the job of a host. Runs the host's servers, and clients on this host and on the one before it in the list.
check() {
    local servers asked client clients=("$i") requests replies lab state missing
    declare -A cell
    learn
    [[ $programs != - ]] || give_up 'it has no programs; ship them first'
    [[ ${#host[@]} -eq 1 ]] || clients+=($(((i + ${#host[@]} - 1) % ${#host[@]})))
    mkfifo "$scratch/$i.requests" "$scratch/$i.replies"
    # Two rounds, because two labs use the same port.
    for servers in 'udp-echo-server tcp-echo-server http-file-server' tcp-threaded-server; do
        asked='udp-echo tcp-echo rtt-client http-file-server'
        [[ $servers != tcp-threaded-server ]] || asked=tcp-threaded
        # shellcheck disable=SC2086 # lists of words
        there "$i" serve "$address" $servers <"$scratch/$i.requests" >"$scratch/$i.replies" &
        # The remote servers end when their input ends, also if this script is killed.
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

# note TEXT: adds a line below the matrix.
note() { echo "$1" >>"$scratch/$i.notes"; }

# print_versions: prints the table of hosts. Fails if a host failed.
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

# print_matrix: prints which labs work between which hosts. Fails if one does not.
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
no reply:   a firewall drops packets (on the host: sudo nft list ruleset), a cable, or two hosts with the same address
refused:    no program listens there, or a firewall rejects
no route:   a cable, an address, a netmask, or a firewall that rejects
no server:  the server did not start; see above
no ssh, -:  this computer cannot reach the host
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
        read -r line <<<"${line//$'\r'/}" # removes blanks around the line, and Windows line endings
        [[ -n $line ]] || continue
        [[ $line =~ $pattern ]] || die "\`$1\` line $number: \`$line\` is not a host; write user@name or user@name:port"
        [[ -z ${seen[$line]-} ]] || die "\`$1\` line $number: \`$line\` is also in line ${seen[$line]}"
        seen[$line]=$number label+=("$line") host+=("${BASH_REMATCH[1]}") port+=("${BASH_REMATCH[5]}")
        [[ ${#line} -le $width ]] || width=${#line}
    done <"$1"
    [[ ${#host[@]} -gt 0 ]] || die "\`$1\` contains no host; write one per line, as user@name"
}

# read_release: verifies the release's checksums, and sets version, archive and sum.
read_release() {
    local line pattern='^([0-9a-f]{64}) [ *](socket-labs-([0-9A-Za-z.+_-]+)-(programs-[a-z0-9_-]+|student)\.tar\.gz)$'
    [[ -r $dist/SHA256SUMS ]] ||
        die "there is no release in \`$dist\`; build one with scripts/release.sh, or name its directory with --dist"
    while read -r line; do
        [[ $line =~ $pattern && ${BASH_REMATCH[4]} == "$kind"* ]] || continue
        [[ ${version:-${BASH_REMATCH[3]}} == "${BASH_REMATCH[3]}" ]] ||
            die "\`$dist\` contains versions $version and ${BASH_REMATCH[3]}; use one directory per version"
        sum[${BASH_REMATCH[4]}]=${BASH_REMATCH[1]} archive[${BASH_REMATCH[4]}]=${BASH_REMATCH[2]} version=${BASH_REMATCH[3]}
        (cd "$dist" && sha256sum --check --status <<<"$line" 2>/dev/null) ||
            die "\`${BASH_REMATCH[2]}\` in \`$dist\` does not match SHA256SUMS; build the release again"
    done <"$dist/SHA256SUMS"
    [[ -n $version ]] || die "the release in \`$dist\` has no archive for --$kind"
}

mode=ship kind=programs list='' dist=$here/../dist at_a_time=8
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --programs | --student) kind=${1#--} ;;
        --dry-run | --status | --rollback | --check)
            [[ $mode == ship ]] || die "\`$1\` cannot be combined with --$mode; choose one" 2
            mode=${1#--}
            ;;
        --jobs) at_a_time=${2-} && shift ;;
        --dist) dist=${2-} && shift ;;
        -*) die "\`$1\` is unknown; see --help" 2 ;;
        *) [[ -z $list ]] || die "\`$1\` is a second list of hosts; give one" 2 && list=$1 ;;
    esac
    shift || die 'the last option needs a value' 2
done
[[ $at_a_time =~ ^[1-9][0-9]?$ ]] || die "\`$at_a_time\` is not a number of jobs; give 1 to 99" 2
[[ -n $list ]] || die 'the list of hosts is missing; see --help' 2
[[ -r $list && ! -d $list ]] || die "failed to read the list of hosts, \`$list\`"
for tool in ssh:openssh-client rsync:rsync; do
    command -v "${tool%:*}" >/dev/null || die "\`${tool%:*}\` is missing; to get it: sudo apt install ${tool#*:}"
done

declare -A archive sum
label=() host=() port=() width=4 version='' jobs=()
read_hosts "$list"
[[ ! $mode =~ ship|dry-run ]] || read_release

# clean_up: ends all jobs and connections.
clean_up() {
    local job
    trap '' INT TERM HUP
    exec 2>/dev/null # otherwise Bash reports each job that ends
    for job in $(jobs -rp); do kill -TERM -- "-$job" || true; done
    for job in "$scratch"/*.ssh; do [[ ! -S $job ]] || ssh -o ControlPath="$job" -O exit host || true; done
    rm -rf "$scratch"
}
interrupted() {
    echo "error: interrupted; each host has its old or its new version, see --status" >&2
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

set -m # each job becomes a process group, which can be ended as a whole
for i in "${!host[@]}"; do
    [[ ${#jobs[@]} -lt $at_a_time ]] || wait -n || true
    printf '%s\t' - - - - 'FAILED: the job ended early' >"$scratch/$i.row"
    : >"$scratch/$i.log"
    (job) </dev/null &
    jobs+=($!)
done
wait
if [[ $mode == check ]]; then print_matrix; else print_versions; fi

#!/usr/bin/env bash
# Tests that scripts/handouts.py notices what is no longer true.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    echo 'usage: scripts/tests/handouts.sh

Spoils a handout in several ways and expects scripts/handouts.py to name the line. Needs what that needs.'
    exit 0
fi

cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wrong=0

# notices WHAT COMPLAINT SED_SCRIPT
notices() {
    local said status=0
    sed "$3" labs/udp-echo/README.md >"$scratch/README.md"
    ! cmp -s labs/udp-echo/README.md "$scratch/README.md" || { echo "error: the handout has nothing to spoil for: $1" >&2 && exit 1; }
    said=$(timeout 300 scripts/handouts.py "$scratch/README.md" 2>&1) || status=$?
    if [[ $status -ne 1 || $said != *README.md:*"$2"* ]]; then
        echo "  FAILED: $1: status $status, $said" >&2
        wrong=$((wrong + 1))
    else
        echo "  notices $1"
    fi
}

notices 'a wrong reply' 'From server: HELLO &*! 42' 's/^From server: HELLO &/From server: hello &/'
notices 'a line that is not printed' 'but the screen shows: note: only' 's/^note: only.*/an invented line\n&/'
notices 'a line that is printed and not shown' 'but the screen shows: note: only' '0,/^note: only/{/^note: only/d}; s/^listening on 127.*/&\nInput/'
notices 'a command that does not exist' 'listening on' 's/--bin udp-echo-server$/--bin udp-echo-sever/'
notices 'a block that nobody runs' 'no comment says where' '0,/^<!-- terminal 1 -->/{/^<!-- terminal 1 -->/d}'
notices 'a comment that it does not know' 'is unknown' 's/^<!-- not run: /<!-- never: /'
[[ $wrong -eq 0 ]] || { echo "error: $wrong untruths went unnoticed" >&2 && exit 1; }

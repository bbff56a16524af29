#!/usr/bin/env bash
# Tests that scripts/handouts.py finds errors in handouts.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    echo 'usage: scripts/tests/handouts.sh

Puts errors into a handout, and expects scripts/handouts.py to name the line of each. Has the same requirements.'
    exit 0
fi

cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wrong=0

# finds WHAT MESSAGE SED_SCRIPT
finds() {
    local output status=0
    sed "$3" labs/udp-echo/README.md >"$scratch/README.md"
    ! cmp -s labs/udp-echo/README.md "$scratch/README.md" || { echo "error: the handout does not contain what to change for: $1" >&2 && exit 1; }
    output=$(timeout 300 scripts/handouts.py "$scratch/README.md" 2>&1) || status=$?
    if [[ $status -ne 1 || $output != *README.md:*"$2"* ]]; then
        echo "  FAILED: $1: status $status, $output" >&2
        wrong=$((wrong + 1))
    else
        echo "  finds $1"
    fi
}

finds 'a wrong reply' 'From server: HELLO &*! 42' 's/^From server: HELLO &/From server: hello &/'
finds 'a line that is not printed' 'but the screen shows: note: only' 's/^note: only.*/an invented line\n&/'
finds 'a line that is printed but not shown' 'but the screen shows: note: only' '0,/^note: only/{/^note: only/d}; s/^listening on 127.*/&\nInput/'
finds 'a command that does not exist' 'listening on' 's/--bin udp-echo-server$/--bin udp-echo-sever/'
finds 'a block without a comment' 'no comment says where' '0,/^<!-- terminal 1 -->/{/^<!-- terminal 1 -->/d}'
finds 'an unknown comment' 'unknown comment' 's/^<!-- not run: /<!-- never: /'
[[ $wrong -eq 0 ]] || { echo "error: $wrong errors were not found" >&2 && exit 1; }

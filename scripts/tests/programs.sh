#!/usr/bin/env bash
# Holds the programs of a release against the tests of all labs.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help || $# -ne 2 ]]; then
    cat <<'END'
usage: scripts/tests/programs.sh TARGET BIN

Runs the tests of every lab with the programs in the folder BIN, which are built for TARGET, in the place of the labs'
own. Those that this computer can't run itself run under QEMU (the package qemu-user-static), without the tests that
scripts/tests/not-under-qemu names, with a reason for each.
END
    [[ ${1-} == -h || ${1-} == --help ]] && exit 0
    exit 2
fi
target=$1
bin=$(realpath "$2")
cd "$(dirname "$0")/../.."

case $target in
x86_64-*) emulator= ;;
aarch64-*) emulator=qemu-aarch64-static ;;
arm-*) emulator='qemu-arm-static -cpu arm1176' ;; # the processor of the Raspberry Pi Zero and 1
armv7-*) emulator='qemu-arm-static -cpu cortex-a7' ;; # and of the 2
*) echo "error: \`$target\` is no target of a release" >&2 && exit 1 ;;
esac
[[ $target != "$(uname -m)"-* ]] || emulator=
if [[ -n $emulator ]] && ! command -v "${emulator%% *}" >/dev/null; then
    echo "left out: ${emulator%% *} is not there; to get it: apt-get install qemu-user-static"
    [[ -z ${CI-} ]]
    exit
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for program in "$bin"/*; do
    # labtest says in LAB_LIMIT what limits it wants the program to have.
    {
        echo '#!/bin/sh'
        # shellcheck disable=SC2016 # for the shell that starts the program
        printf 'eval "${LAB_LIMIT-exec} "'\''%s %s "$@"'\''\n' "$emulator" "$program"
    } >"$scratch/${program##*/}"
    chmod +x "$scratch/${program##*/}"
done
skipped=()
# A limit of threads is one of users, and holds for all but root.
[[ $(id -u) -ne 0 ]] || skipped+=(--skip without_threads --skip when_it_can_start_no_thread)
if [[ -n $emulator ]]; then
    while read -r test _; do skipped+=(--skip "$test"); done < <(grep -v '^#' scripts/tests/not-under-qemu)
fi

failed=()
for lab in labs/*/; do
    lab=$(basename "$lab")
    printf '\n-- %s, built for %s\n' "$lab" "$target"
    # Files of tests only: what is inside the library is not what runs here.
    LAB_PROGRAMS=$scratch LAB_PATIENCE=${LAB_PATIENCE-60} cargo test --quiet --locked -p "$lab" --test '*' --no-fail-fast -- \
        ${skipped[@]+"${skipped[@]}"} || failed+=("$lab")
done
[[ ${#failed[@]} -eq 0 ]] || { echo "error: built for $target, these failed: ${failed[*]}" >&2 && exit 1; }

#!/usr/bin/env bash
# Runs the tests of all labs against the programs of a release.
set -euo pipefail

long=''
if [[ ${1-} == --long ]]; then
    long=yes
    shift
fi
if [[ ${1-} == -h || ${1-} == --help || $# -ne 2 ]]; then
    cat <<'END'
usage: scripts/tests/programs.sh [--long] TARGET BIN

Runs the tests of every lab against the programs in the folder BIN, which were built for TARGET. Programs for another
processor run under QEMU (package qemu-user-static), and only the core and hidden tests. With --long they run all tests
except those listed in scripts/tests/not-under-qemu, which gives the reason for each.
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
*) echo "error: \`$target\` is not a target of a release" >&2 && exit 1 ;;
esac
[[ $target != "$(uname -m)"-* ]] || emulator=
if [[ -n $emulator ]] && ! command -v "${emulator%% *}" >/dev/null; then
    echo "left out: ${emulator%% *} is missing; to install it: apt-get install qemu-user-static"
    [[ -z ${CI-} ]]
    exit
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for program in "$bin"/*; do
    # LAB_LIMIT holds the resource limits that labtest wants for the program.
    {
        echo '#!/bin/sh'
        # shellcheck disable=SC2016 # for the shell that starts the program
        printf 'eval "${LAB_LIMIT-exec} "'\''%s %s "$@"'\''\n' "$emulator" "$program"
    } >"$scratch/${program##*/}"
    chmod +x "$scratch/${program##*/}"
done
skipped=()
# Unit tests are left out, because they do not run the programs.
tests=(--test '*')
# The limit on threads does not apply to root.
[[ $(id -u) -ne 0 ]] || skipped+=(--skip without_threads --skip can_start_no_thread)
if [[ -n $emulator ]]; then
    while read -r test _; do skipped+=(--skip "$test"); done < <(grep -v '^#' scripts/tests/not-under-qemu)
fi

failed=()
for lab in labs/*/; do
    lab=$(basename "$lab")
    printf '\n-- %s, built for %s\n' "$lab" "$target"
    if [[ -n $emulator && -z $long ]]; then
        # QEMU passes system calls on to this computer's kernel, so limits and failures of the system are tested natively.
        tests=(--test core)
        [[ ! -f labs/$lab/tests/hidden.rs ]] || tests+=(--test hidden)
    fi
    LAB_PROGRAMS=$scratch LAB_PATIENCE=${LAB_PATIENCE-60} cargo test --quiet --locked -p "$lab" "${tests[@]}" --no-fail-fast -- \
        ${skipped[@]+"${skipped[@]}"} || failed+=("$lab")
done
[[ ${#failed[@]} -eq 0 ]] || { echo "error: the tests of these labs failed with programs for $target: ${failed[*]}" >&2 && exit 1; }

#!/usr/bin/env bash
# Tries a lab's autograder in the folders that Gradescope makes.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'EOF'
usage: scripts/gradescope/trial.sh [LAB]

Makes the zip of LAB (tcp-echo if none is named) twice and compares them, unpacks it into Gradescope's layout of folders,
sets it up there, and grades: the solution, a wrong submission, and the solution when time is too short. As root it
does so without a network, and the last time as in a container that allows no sandbox.
EOF
    exit 0
fi
if [[ $# -gt 1 ]]; then
    echo "error: one lab at most; see scripts/gradescope/trial.sh --help" >&2
    exit 2
fi

cd "$(dirname "$0")/../.."
lab=${1:-tcp-echo}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
step() { printf '\n-- %s\n' "$*"; }

step "the zip of $lab, twice"
scripts/release.sh gradescope "$lab"
cp "dist/gradescope-$lab.zip" "$scratch/first.zip"
scripts/release.sh gradescope "$lab"
cmp "$scratch/first.zip" "dist/gradescope-$lab.zip"

export AUTOGRADER=$scratch/autograder
unset CARGO_TARGET_DIR
mkdir -p "$AUTOGRADER"/{source,submission,results}
python3 -m zipfile -e "dist/gradescope-$lab.zip" "$AUTOGRADER/source"
# As there: the script is copied out of the zip, and made executable.
install -m 755 "$AUTOGRADER/source/run_autograder" "$AUTOGRADER/run_autograder"

offline=()
if [[ $(id -u) -eq 0 ]]; then
    # shellcheck disable=SC2016 # for the inner shell
    offline=(unshare --net sh -c 'ip link set lo up && exec "$@"' sh)
fi
step 'setup.sh'
${offline[@]+"${offline[@]}"} bash "$AUTOGRADER/source/setup.sh"

# grade FOLDER: hands it in, and grades it.
grade() {
    rm -rf "$AUTOGRADER/submission"
    cp -a "$1" "$AUTOGRADER/submission"
    (cd "$AUTOGRADER" && ${offline[@]+"${offline[@]}"} "${prefix[@]}" ./run_autograder)
}
# check EXPRESSION: of the results, `results`.
check() {
    python3 - "$AUTOGRADER/results/results.json" "$1" <<'EOF'
import json, sys

results = json.load(open(sys.argv[1]))
tests = results["tests"]
fields = {"name", "number", "score", "max_score", "status", "output", "visibility", "tags"}
assert all(fields <= test.keys() for test in tests), "a test lacks a field"
assert sum(test["score"] for test in tests) == results["score"], "the total is not the sum"
assert sum(test["max_score"] for test in tests) == 100
assert {"score", "execution_time", "output_format", "output"} <= results.keys()
assert eval(sys.argv[2]), f"not so: {sys.argv[2]}; score {results['score']}, {results['output']}"
print(f"as expected: {sys.argv[2]}")
EOF
}
prefix=(env)
mkdir "$scratch/right"
cp -r "labs/$lab/src" "$scratch/right/src"

step 'the solution'
grade "$scratch/right"
check 'results["score"] == 100'

for wrong in "crates/labgrade/tests/submissions/$lab/wrong"/*/; do
    step "a wrong submission: $wrong"
    grade "$wrong"
    check 'results["score"] < 100 and any(test["status"] == "failed" for test in tests)'
    break
done

step 'too little time'
if prefix=(env LIMIT_S=0.2) && grade "$scratch/right"; then
    echo 'error: it did not fail' >&2
    exit 1
fi
[[ ! -e $AUTOGRADER/results/results.json ]]
echo 'as expected: no results'

if [[ $(id -u) -eq 0 ]]; then
    step 'the solution, where no sandbox is allowed'
    # What a container refuses is covered up, and the capabilities are those that Docker leaves to root.
    cat >"$scratch/container" <<'EOF'
mount --bind /bin/false "$(command -v bwrap)"
mount --bind /bin/false "$(command -v unshare)"
kept=+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot
exec setpriv --bounding-set=-all,$kept,+mknod,+audit_write,+setfcap --inh-caps=-all -- "$@"
EOF
    prefix=(unshare --mount sh -e "$scratch/container")
    grade "$scratch/right"
    check 'results["score"] == 100 and "without isolation" in results["output"]'
fi

printf '\nThe autograder of %s works.\n' "$lab"

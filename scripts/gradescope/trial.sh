#!/usr/bin/env bash
# Tests a lab's autograder in Gradescope's directory layout.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'EOF'
usage: scripts/gradescope/trial.sh [LAB]

Builds the autograder of LAB (default tcp-echo), unpacks and sets it up in Gradescope's directory layout, and grades: the
solution, a wrong submission, and the solution with too short a time limit. As root, all of this runs without a network,
and the solution is also graded as in a container that allows no sandbox.
EOF
    exit 0
fi
if [[ $# -gt 1 ]]; then
    echo "error: \`$2\` is a second lab; give one" >&2
    exit 2
fi

cd "$(dirname "$0")/../.."
lab=${1:-tcp-echo}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
step() { printf '\n-- %s\n' "$*"; }

step "the zip of $lab"
scripts/release.sh gradescope "$lab"

export AUTOGRADER=$scratch/autograder
unset CARGO_TARGET_DIR
mkdir -p "$AUTOGRADER"/{source,submission,results}
python3 -m zipfile -e "dist/gradescope-$lab.zip" "$AUTOGRADER/source"
questions=$AUTOGRADER/source/workspace/labs/$lab/questions.toml
if [[ -f $questions ]] && grep -nvE '^(\[\[question\]\]|number = [0-9]+|explain = [0-9]+|model = "")?$' "$questions"; then
    echo 'error: the autograder contains model answers (lines above)' >&2
    exit 1
fi
# Gradescope copies the script out of the zip and makes it executable.
install -m 755 "$AUTOGRADER/source/run_autograder" "$AUTOGRADER/run_autograder"

offline=()
if [[ $(id -u) -eq 0 ]]; then
    # shellcheck disable=SC2016 # for the inner shell
    offline=(unshare --net sh -c 'ip link set lo up && exec "$@"' sh)
fi
step 'setup.sh'
${offline[@]+"${offline[@]}"} bash "$AUTOGRADER/source/setup.sh"

# grade FOLDER: submits the folder and grades it.
grade() {
    rm -rf "$AUTOGRADER/submission"
    cp -a "$1" "$AUTOGRADER/submission"
    (cd "$AUTOGRADER" && ${offline[@]+"${offline[@]}"} "${prefix[@]}" ./run_autograder)
}
# check EXPRESSION: fails unless the Python expression about `results` is true.
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
assert eval(sys.argv[2]), f"not true: {sys.argv[2]}; score {results['score']}, {results['output']}"
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

step 'a time limit that is too short'
if prefix=(env LIMIT_S=0.2) && grade "$scratch/right"; then
    echo 'error: grading did not fail' >&2
    exit 1
fi
[[ ! -e $AUTOGRADER/results/results.json ]]
echo 'as expected: no results'

if [[ $(id -u) -eq 0 ]]; then
    step 'the solution, without a sandbox'
    # Replaces the sandbox programs with /bin/false, and keeps only the capabilities that Docker leaves to root.
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

#!/usr/bin/env bash
# Measures how long grading a class takes, and checks that the same seed gives the same scores.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'END'
usage: scripts/tests/class.sh [ROUNDS]

Grades a class of 40 submissions for tcp-echo: right and wrong programs from crates/labgrade/tests/submissions, and 8
that hang. Repeats this ROUNDS times (default 2) with the same seed, prints the duration of each round, and compares
the scores. Robust points depend on timing, so differences in them are reported but are no error. Takes minutes.
check.sh does not run it, because the result depends on the machine.
END
    exit 0
fi
rounds=${1:-2}
[[ $# -le 1 && $rounds =~ ^[1-9][0-9]?$ ]] || { echo "error: \`$*\` is not a number of rounds from 1 to 99; see --help" >&2 && exit 2; }

cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
cargo build --locked --quiet --release -p labgrade
labgrade=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/labgrade

# One folder per submission, as in a class's archive. The expected result is not part of the submission.
submissions=(crates/labgrade/tests/submissions/tcp-echo/{right,wrong}/*)
hanging=(crates/labgrade/tests/submissions/hostile/{never-listens,infinite-loop})
for number in {0..39}; do
    from=${submissions[number % ${#submissions[@]}]}
    ((number % 5)) || from=${hanging[number / 5 % 2]}
    folder=$scratch/class/$(printf '%02d-%s' "$number" "${from##*/}")
    mkdir -p "$folder"
    cp -r "$from/." "$folder"
    rm -f "$folder/expect.toml"
done

status=0
for ((round = 1; round <= rounds; round++)); do
    started=$SECONDS
    "$labgrade" run tcp-echo "$scratch/class" --out "$scratch/results-$round" --seed 5 >"$scratch/output" 2>&1 || {
        cat "$scratch/output"
        echo "error: round $round failed" >&2
        exit 1
    }
    printf 'round %s: 40 submissions, 8 of them hanging, in %s s\n' "$round" $((SECONDS - started))
    cut -d, -f1,2 "$scratch/results-$round/class.csv" >"$scratch/scores-$round"
    cut -d, -f1,4 "$scratch/results-$round/class.csv" >"$scratch/robust-$round"
    diff "$scratch/scores-1" "$scratch/scores-$round" || status=1
    diff "$scratch/robust-1" "$scratch/robust-$round" || echo 'note: robust points differ (lines above)'
done
((status == 0)) || { echo 'error: scores differ (lines above)' >&2 && exit 1; }
echo 'All scores are the same.'

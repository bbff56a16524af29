#!/usr/bin/env bash
# Runs the parsers' fuzz targets for a limited time.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: scripts/fuzz.sh [TARGET] [--seconds N] [--list]

Runs each fuzz target of the workspace, or only TARGET, for example `request` or `http-file-server/request`. A target is a
file fuzz_targets/*.rs in labs/*/fuzz or crates/*/fuzz. Inputs that reached new code are kept in target/fuzz, and the
next run starts from them. A failure prints the input that caused it and the file that holds it.

Needs cargo-fuzz, a C++ compiler, and Rust's nightly toolchain, because only its compiler has the sanitizers:
    cargo install cargo-fuzz --locked
    rustup toolchain install nightly --profile minimal

  --seconds N   run each target for N seconds (default 60)
  --list        list the targets, and run none
EOF
}

die() {
    echo "error: $1" >&2
    exit "${2-1}"
}

wanted='' seconds=60 list=''
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --seconds)
            [[ ${2-} =~ ^[1-9][0-9]*$ ]] || die "\`$1 ${2-}\`: give a whole number above 0" 2
            seconds=$2 && shift
            ;;
        --list) list=1 ;;
        -*) die "\`$1\` is unknown; see --help" 2 ;;
        *) [[ -z $wanted ]] || die "\`$1\` is a second target; give one" 2 && wanted=$1 ;;
    esac
    shift
done

cd "$(dirname "$0")/.."
targets=()
for file in {labs,crates}/*/fuzz/fuzz_targets/*.rs; do
    [[ -f $file ]] || continue
    package=$(basename "${file%/fuzz/*}")
    target=$(basename "$file" .rs)
    [[ -z $wanted || $wanted == "$target" || $wanted == "$package/$target" ]] || continue
    targets+=("$file")
    [[ -z $list ]] || echo "$package/$target"
done
[[ ${#targets[@]} -gt 0 ]] || die "there is no fuzz target${wanted:+ \`$wanted\`}; --list prints their names" 2
[[ -z $list ]] || exit 0

command -v cargo-fuzz >/dev/null || die 'cargo-fuzz is missing: cargo install cargo-fuzz --locked'
rustup run nightly rustc --version >/dev/null 2>&1 ||
    die 'the nightly toolchain is missing: rustup toolchain install nightly --profile minimal'

built=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
for file in "${targets[@]}"; do
    folder=${file%/fuzz_targets/*} target=$(basename "$file" .rs)
    name=$(basename "${folder%/fuzz}")/$target
    corpus=$built/corpus/$name failures=$built/failures/$name
    mkdir -p "$corpus" "$failures"
    printf '\n-- %s, %s s\n' "$name" "$seconds"
    # An input that takes longer than -timeout is a failure too. Inputs above -max_len reach no further code.
    CARGO_TARGET_DIR=$built rustup run nightly cargo fuzz run --fuzz-dir "$folder" "$target" "$corpus" -- \
        -max_total_time="$seconds" -timeout=10 -max_len=1024 -artifact_prefix="$failures/" -print_final_stats=1 ||
        die "$name failed; the input is in $failures"
done
printf '\nNo target failed.\n'

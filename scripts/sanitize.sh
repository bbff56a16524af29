#!/usr/bin/env bash
# Runs the tests of shared state under Miri and LLVM's thread sanitizer.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: scripts/sanitize.sh [miri] [threads]

Runs the tests of state that threads share, with both tools or with the one named:

  miri      interprets the tests of labcore's event log, and reports undefined behaviour, data races and leaks
  threads   builds the threaded servers, their tests and the standard library with LLVM's thread sanitizer, and runs the
            tests; a data race ends the server and fails the test. Linux on x86_64 or aarch64 only.

Needs Rust's nightly toolchain, because only nightly has these tools:
    rustup toolchain install nightly --profile minimal --component miri --component rust-src

The first `threads` run compiles the standard library, which takes some minutes. Tests that measure or limit memory are
left out, because the sanitizer itself needs a lot of it.
EOF
}

die() {
    echo "error: $1" >&2
    exit "${2-1}"
}

tools=()
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        miri | threads) tools+=("$1") ;;
        *) die "\`$1\` is unknown; see --help" 2 ;;
    esac
    shift
done
[[ ${#tools[@]} -gt 0 ]] || tools=(miri threads)

cd "$(dirname "$0")/.."
get='rustup toolchain install nightly --profile minimal --component miri --component rust-src'
command -v rustup >/dev/null || die 'rustup is missing: see https://rustup.rs'
host=$(rustup run nightly rustc -vV 2>/dev/null | sed -n 's/^host: //p')
[[ -n $host ]] || die "the nightly toolchain is missing: $get"
library=$(rustup run nightly rustc --print sysroot)/lib/rustlib/src/rust/library
built=${CARGO_TARGET_DIR:-$PWD/target}/sanitize
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

# ran: passes the output of `cargo test` on, and fails if no test ran, because a filter no longer matches a name.
ran() {
    tee "$reports/output"
    grep -qE '^running [1-9]' "$reports/output" || die 'no test ran; does the filter still match?'
}

try_miri() {
    rustup run nightly cargo miri --version >/dev/null 2>&1 || die "Miri is missing: $get"
    CARGO_TARGET_DIR=$built rustup run nightly cargo miri test --locked -p labcore --lib event_log:: | ran
}

try_threads() {
    local failed='' report
    [[ $host == *-linux-gnu ]] || die 'the thread sanitizer needs Linux with glibc'
    [[ -d $library ]] || die "the source of the standard library is missing: $get"
    sanitize -p labcore --lib event_log:: || failed=1
    sanitize -p tcp-threaded --test core --test robust --test extra -- --skip memory || failed=1
    sanitize -p http-file-server --test core --test robust --test extra -- --skip memory --skip crowd || failed=1
    for report in "$reports"/report*; do
        [[ ! -f $report ]] || { failed=1 && cat "$report"; }
    done
    [[ -z $failed ]] || die 'tests failed, or races were found; see above'
}

# sanitize ARGUMENT…: runs tests with the sanitizer in the tests, in the programs that they start and in the standard library.
sanitize() {
    LAB_PATIENCE=60 CARGO_TARGET_DIR=$built RUSTFLAGS=-Zsanitizer=thread TSAN_OPTIONS="halt_on_error=1 log_path=$reports/report" \
        rustup run nightly cargo test --locked -Zbuild-std --target "$host" "$@" | ran
}

for tool in "${tools[@]}"; do
    printf '\n-- %s\n' "$tool"
    "try_$tool"
done
printf '\nNo problem was found.\n'

#!/usr/bin/env bash
# Runs tests where threads share state under two tools that see what no test can: Miri and a thread sanitizer.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: scripts/sanitize.sh [miri] [threads]

Runs the tests of what threads share. Without a name, both:

  miri      interprets the tests of labcore's screen, and stops at undefined behaviour, data races and leaks
  threads   builds the servers with threads, their tests and the standard library with LLVM's thread sanitizer, and runs the
            tests. Two threads that touch the same memory without an order between them end the server, and the
            test fails. Linux on x86_64 or aarch64 only.

Needs Rust's nightly toolchain, which alone has the two:
    rustup toolchain install nightly --profile minimal --component miri --component rust-src

The first `threads` run compiles the standard library, which takes some minutes. Not all tests are run: what measures
memory or limits it would measure the sanitizer.
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
reports=''
trap '[[ -z $reports ]] || rm -rf "$reports"' EXIT

try_miri() {
    rustup run nightly cargo miri --version >/dev/null 2>&1 || die "Miri is missing: $get"
    CARGO_TARGET_DIR=$built rustup run nightly cargo miri test --locked -p labcore --lib screen::
}

try_threads() {
    local failed='' report
    [[ $host == *-linux-gnu ]] || die 'the thread sanitizer is for Linux here'
    [[ -d $library ]] || die "the source of the standard library is missing: $get"
    reports=$(mktemp -d)
    sanitize -p labcore --lib screen:: || failed=1
    sanitize -p tcp-threaded --test robust --test advice -- --skip memory || failed=1
    sanitize -p http-file-server --test robust --test advice -- --skip memory --skip crowd || failed=1
    for report in "$reports"/report*; do
        [[ ! -f $report ]] || { failed=1 && cat "$report"; }
    done
    [[ -z $failed ]] || die 'there are failures; they are above'
}

# sanitize ARGUMENT…: runs tests with the sanitizer in them, in the programs that they start and in the library below. Memory
# is left out: the sanitizer takes much more of it.
sanitize() {
    LAB_PATIENCE=60 CARGO_TARGET_DIR=$built RUSTFLAGS=-Zsanitizer=thread TSAN_OPTIONS="halt_on_error=1 log_path=$reports/report" \
        rustup run nightly cargo test --locked -Zbuild-std --target "$host" "$@"
}

for tool in "${tools[@]}"; do
    printf '\n-- %s\n' "$tool"
    "try_$tool"
done
printf '\nNothing found.\n'

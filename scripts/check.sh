#!/usr/bin/env bash
# Runs every check that a commit must pass.
set -euo pipefail

usage() {
    cat <<'END'
usage: scripts/check.sh [--long]

Runs every check that a commit must pass, and prints how long each took:

  sources     format, lints, documentation, spelling, lengths of files and lines, links, the layout's rules, shell
              scripts
  platforms   Rust 1.85; the labs for Windows and macOS
  packages    rubrics; size and model solution of each exercise; licences, versions and sources of the dependencies
  behaviour   all tests, the corpus of right and wrong submissions, the demo
  handouts    every command in the handouts, on three simulated hosts
  release     a release, shipping it to three hosts; with CI set, also an autograder in Gradescope's directories

  --long      afterwards also runs endurance.sh, http-trials.sh, sanitize.sh and fuzz.sh, each with a time limit;
              takes up to an hour more

Needs Rust. A check whose tools are not installed is left out, and the output says how to install them. With CI set in
the environment, a missing tool is an error; `.ci/run` installs them all. Leaves dist/ as it is, unless CI is set.
END
}

long=''
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --long) long=yes ;;
        *) echo "error: \`$1\` is unknown; see --help" >&2 && exit 2 ;;
    esac
    shift
done

cd "$(dirname "$0")/.."

# step NAME: begins a check, and notes how long the one before it took.
durations='' step='' step_began=$SECONDS
step() {
    [[ -z $step ]] || durations+=$(printf '%5s s  %s' $((SECONDS - step_began)) "$step")$'\n'
    step=$1 step_began=$SECONDS
    [[ -z $step ]] || printf '\n-- %s\n' "$step"
}

# missing WHAT HOW: reports that a check is left out. In CI that is an error.
missing() {
    echo "left out: $1 is missing; to install it: $2"
    [[ -z ${CI-} ]]
}

# have TOOL...: succeeds if all of them are installed.
have() {
    local tool
    for tool; do PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || return; done
}

step 'format'
cargo fmt --all --check

step 'spelling'
if have typos; then
    typos
else
    missing typos 'cargo install --locked typos-cli'
fi

step 'lengths, and the direction of imports'
if have python3; then
    scripts/tests/lengths.py
    scripts/tests/modules.py --self-test
    scripts/tests/modules.py
else
    missing python3 'apt-get install python3'
fi

step 'links, and the page for instructors'
if have python3; then
    scripts/tests/instructors.py --self-test
    scripts/tests/instructors.py
else
    missing python3 'apt-get install python3'
fi

step 'layout'
# The calls that a lab teaches are made in the lab: labcore opens no socket.
if grep -rnE 'TcpListener|TcpStream|UdpSocket' crates/labcore/src; then
    echo 'error: labcore opens a socket (lines above)' >&2
    exit 1
fi
# A check that fails is a value of labtest. Any other panic means that the check itself is broken.
if grep -rnE '\b(assert|assert_eq|assert_ne|panic)!' labs/*/tests; then
    echo 'error: a test of a lab panics instead of failing (lines above); use check! or check_eq! of labtest' >&2
    exit 1
fi
# No lab depends on another.
for lab in labs/*/; do
    lab=$(basename "$lab")
    if grep -n "$lab" labs/*/Cargo.toml | grep -v "^labs/$lab/"; then
        echo "error: another lab's manifest names $lab (lines above)" >&2
        exit 1
    fi
done

step 'shell scripts'
if have shellcheck; then
    shellcheck scripts/*.sh scripts/tests/*.sh scripts/ship/*.sh scripts/gradescope/* crates/labcapture/tests/*.sh .ci/run
else
    missing shellcheck 'apt-get install shellcheck'
fi

step 'lints'
cargo clippy --locked --workspace --all-targets -- -D warnings

step 'documentation'
RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps

step 'Rust 1.85, the oldest supported version'
if rustup run 1.85.0 cargo --version 2>/dev/null; then
    CARGO_TARGET_DIR=target/1.85 rustup run 1.85.0 cargo check --locked --workspace --all-targets
else
    missing 'Rust 1.85' 'rustup toolchain install 1.85.0 --profile minimal'
fi

# Students run the labs, the relay and the tests on Windows and macOS too. Grading needs Linux.
labs=(-p labcore -p labrelay)
for lab in labs/*/; do
    labs+=(-p "$(basename "$lab")")
done
for target in x86_64-pc-windows-gnu aarch64-apple-darwin; do
    step "$target"
    if [[ -d $(rustc --print sysroot)/lib/rustlib/$target ]]; then
        cargo check --locked "${labs[@]}" -p labtest --all-targets --target "$target"
    else
        missing "the target $target" "rustup target add $target"
    fi
done

step 'licences, versions and sources of the dependencies'
if cargo deny --version 2>/dev/null; then
    cargo deny --locked check --hide-inclusion-graph licenses bans sources
    # Known vulnerabilities are in a separate database, which some networks do not reach.
    if GIT_TERMINAL_PROMPT=0 timeout 60 cargo deny fetch db >/dev/null 2>&1; then
        cargo deny --locked check --disable-fetch advisories
    else
        echo 'left out: known vulnerabilities of the dependencies; the RustSec database is not reachable from here'
    fi
else
    missing cargo-deny 'cargo install --locked cargo-deny'
fi

step 'rubrics'
cargo run --locked --quiet -p labgrade -- rubric

step 'exercises: their size, and their model solutions without the reference programs'
if have python3; then
    scripts/tests/exercises.py
else
    missing python3 'apt-get install python3'
fi

step 'tests'
cargo test --locked --workspace

step 'corpus: solutions, right, wrong and hostile submissions'
cargo test --locked -p labgrade --test scores --test corpus --test hostile --test wording

step 'demo'
mkdir -p target
if have python3; then
    scripts/demo-picture.py target/demo.svg # also runs demo.sh
else
    scripts/demo.sh
fi

step 'handouts, on three simulated hosts'
if [[ $(uname) == Linux ]] && have ip ethtool dumpcap tshark tcpdump ping pgrep nc netstat python3; then
    scripts/tests/topology.sh
    scripts/tests/handouts.sh
    # The model answers to the capture questions are about the captures of this run.
    scripts/handouts.py --answers target/model-answers
    step 'labcapture against tshark'
    labcapture=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/labcapture
    python3 crates/labcapture/tests/compare.py "$labcapture" crates/labcapture/tests/captures/*.pcap*
    crates/labcapture/tests/conversations.sh "$labcapture"
else
    missing 'a tool for three hosts' \
        'apt-get install iproute2 ethtool iputils-ping tcpdump tshark procps netcat-openbsd net-tools python3'
fi

# Shipping mostly waits for other processes, so it runs in parallel with the release.
shipping=''
trap '[[ -z $shipping ]] || kill "$shipping" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
if [[ $(uname) == Linux ]] && have ip ethtool sshd ssh ssh-agent rsync nft script strip pgrep setpriv; then
    scripts/tests/ship.sh >target/shipping.log 2>&1 &
    shipping=$!
fi

step 'a release'
if [[ $(uname -sm) == 'Linux x86_64' ]] && have cargo-deb cargo-nextest python3 git flock unshare readelf dpkg &&
    [[ -d $(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-musl ]]; then
    # Of a clean commit two releases are compared. Uncommitted work is released once, with --dirty.
    options=()
    [[ -n ${CI-} || -z $(git status --porcelain) ]] || options+=(--dirty)
    [[ -z $long ]] || options+=(--long)
    scripts/tests/release.sh ${options[@]+"${options[@]}"}
else
    missing 'a tool or a target for releases' 'cargo install --locked cargo-deb cargo-nextest;
    rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl; apt-get install python3 binutils util-linux'
fi

# This writes to dist/, so it runs only where nothing else is kept there.
if [[ -n ${CI-} ]]; then
    step 'an autograder'
    scripts/gradescope/trial.sh
fi

step 'shipping to three hosts'
if [[ -n $shipping ]]; then
    status=0
    wait "$shipping" || status=$?
    shipping=''
    cat target/shipping.log
    [[ $status -eq 0 ]]
else
    missing 'a tool for hosts with sshd' \
        'apt-get install openssh-server rsync nftables binutils iproute2 util-linux ethtool bsdutils procps'
fi

# bounded MINUTES COMMAND...: fails if the command takes longer.
bounded() {
    local status=0
    timeout --kill-after=30 "$1m" "${@:2}" || status=$?
    [[ $status -ne 124 && $status -ne 137 ]] || echo "error: \`${*:2}\` took more than $1 minutes" >&2
    return $status
}

if [[ -n $long ]]; then
    step 'endurance'
    if [[ $(uname) == Linux ]] && have ip unshare setpriv python3; then
        bounded 20 scripts/endurance.sh --seconds 15
    else
        missing 'a tool for endurance.sh' 'apt-get install iproute2 util-linux python3'
    fi

    step 'HTTP trials'
    trials=()
    ! have redbot script || trials+=(redbot)
    ! have slowhttptest || trials+=(slowhttptest)
    ! have chromium || trials+=(browser)
    [[ ${#trials[@]} -eq 0 ]] || bounded 5 scripts/http-trials.sh "${trials[@]}"
    [[ ${#trials[@]} -eq 3 ]] ||
        missing 'redbot, slowhttptest or chromium' 'pip install redbot; apt-get install slowhttptest chromium'

    step 'sanitizers'
    if rustup run nightly cargo miri --version 2>/dev/null; then
        bounded 20 scripts/sanitize.sh
    else
        missing Miri 'rustup toolchain install nightly --profile minimal --component miri --component rust-src'
    fi

    step 'fuzzing'
    if have cargo-fuzz && rustup run nightly rustc --version; then
        bounded 15 scripts/fuzz.sh --seconds 20
    else
        missing cargo-fuzz 'cargo install --locked cargo-fuzz; rustup toolchain install nightly --profile minimal'
    fi
fi

step ''
printf '\nAll checks passed.\n%s' "$durations"

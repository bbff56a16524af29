#!/usr/bin/env bash
# Checks all that a commit must pass.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'EOF'
usage: scripts/check.sh

Format, lints, documentation, invariants of the layout, rubrics, dependencies and their licences, the build on the
lock file, all tests, the demo, the bench of three hosts, every command in the handouts, a release, and its way to a
room of three hosts; where CI is set, an autograder in its layout of folders, too. Needs Rust alone. What more it
finds it uses: shellcheck, python3, nc, cargo-nextest and bubblewrap (grading), namespaces and tshark (three hosts),
cargo-deny, cargo-deb, lintian and QEMU (releases), sshd, rsync and nft (the room), Rust 1.85, and the targets of
Windows and macOS; where CI is set, all of these must be there (.ci/run installs them). dist/ stays as it is.
EOF
    exit 0
fi
if [[ $# -gt 0 ]]; then
    echo "error: \`$1\` is unknown; this script takes no argument but --help" >&2
    exit 2
fi

cd "$(dirname "$0")/.."
step() { printf '\n-- %s\n' "$*"; }

# missing WHAT HOW: leaves a check out, which CI may not.
missing() {
    echo "left out: $1 is not there; to get it: $2"
    [[ -z ${CI-} ]]
}

# have TOOL...: all of them are there.
have() {
    local tool
    for tool; do PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || return; done
}

step 'format'
cargo fmt --all --check

step 'lints'
cargo clippy --locked --workspace --all-targets -- -D warnings

step 'documentation'
RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps

step 'invariants'
# The calls that a lab teaches stand in the lab: labcore opens no socket.
if grep -rnE 'TcpListener|TcpStream|UdpSocket' crates/labcore/src; then
    echo 'error: labcore opens a socket (lines above)' >&2
    exit 1
fi
# No lab depends on another.
for lab in labs/*/; do
    lab=$(basename "$lab")
    if grep -n "$lab" labs/*/Cargo.toml | grep -v "^labs/$lab/"; then
        echo "error: another lab's manifest speaks of $lab (lines above)" >&2
        exit 1
    fi
done

step 'scripts'
if command -v shellcheck >/dev/null; then
    shellcheck scripts/*.sh scripts/tests/*.sh scripts/ship/*.sh scripts/gradescope/* crates/labcapture/tests/*.sh .ci/run
else
    missing shellcheck 'apt-get install shellcheck'
fi

step 'Rust 1.85, the oldest that must do'
if rustup run 1.85.0 cargo --version 2>/dev/null; then
    CARGO_TARGET_DIR=target/1.85 rustup run 1.85.0 cargo check --locked --workspace --all-targets
else
    missing 'Rust 1.85' 'rustup toolchain install 1.85.0 --profile minimal'
fi

# What a person runs on Windows or a Mac: the labs, and their tests. Grading and its sandboxes are for Linux.
labs=(-p labcore)
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

step 'packages'
for package in "${labs[@]}"; do
    [[ $package == -p ]] || printf '%s: %s files\n' "$package" \
        "$(cargo package --quiet --list --locked --allow-dirty --package "$package" | wc -l)"
done

step 'licences, versions and sources of the dependencies'
if cargo deny --version 2>/dev/null; then
    cargo deny --locked check --hide-inclusion-graph licenses bans sources
    # Known faults are in a database of their own, which not every network leads to.
    if GIT_TERMINAL_PROMPT=0 timeout 60 cargo deny fetch db >/dev/null 2>&1; then
        cargo deny --locked check --disable-fetch advisories
    else
        echo 'left out: known faults of the dependencies, for the database of RustSec cannot be fetched from here'
    fi
else
    missing cargo-deny 'cargo install --locked cargo-deny'
fi

step 'build'
cargo build --locked --workspace

step 'rubrics'
cargo run --locked --quiet -p labgrade -- rubric

step 'tests'
cargo test --workspace

step 'demo'
scripts/demo.sh

step 'three hosts on this one, and the handouts on them'
if [[ $(uname) == Linux ]] && have ip ethtool dumpcap tshark tcpdump ping pgrep nc python3; then
    scripts/tests/topology.sh
    mkdir -p target
    scripts/three-hosts.sh target/three-hosts.pcapng
    scripts/tests/handouts.sh
    # The model answers to the capture questions are about the captures of this very run.
    scripts/handouts.py --answers target/model-answers
    step 'labcapture against tshark'
    labcapture=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/labcapture
    python3 crates/labcapture/tests/compare.py "$labcapture" crates/labcapture/tests/captures/*.pcap*
    crates/labcapture/tests/conversations.sh "$labcapture"
else
    missing 'a tool for three hosts' \
        'apt-get install iproute2 ethtool iputils-ping tcpdump tshark procps netcat-openbsd python3'
fi

step 'a release'
if [[ $(uname -sm) == 'Linux x86_64' ]] && have cargo-deb cargo-nextest python3 git flock unshare readelf dpkg &&
    [[ -d $(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-musl ]]; then
    # A commit is made twice. In CI there is nothing else; a person may be in the midst of work.
    dirty=()
    [[ -n ${CI-} || -z $(git status --porcelain) ]] || dirty=(--dirty)
    scripts/tests/release.sh ${dirty[@]+"${dirty[@]}"}
else
    missing 'a tool or a target for releases' 'cargo install --locked cargo-deb cargo-nextest;
    rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl; apt-get install python3 binutils util-linux'
fi

# It leaves its zip in dist/, so it is for machines that have nothing else there.
if [[ -n ${CI-} ]]; then
    step 'an autograder'
    scripts/gradescope/trial.sh
fi

step 'its way to three hosts'
if [[ $(uname) == Linux ]] && have ip ethtool sshd ssh ssh-agent rsync nft script strip pgrep setpriv; then
    scripts/tests/ship.sh
else
    missing 'a tool for hosts with sshd' \
        'apt-get install openssh-server rsync nftables binutils iproute2 util-linux ethtool bsdutils procps'
fi

printf '\nAll checks passed.\n'

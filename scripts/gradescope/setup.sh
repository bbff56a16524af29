#!/usr/bin/env bash
# Prepares the autograder's image: Gradescope runs this once, as root, when the zip is uploaded.
#
# Only Ubuntu packages are downloaded. If students use languages other than Rust, C and Python, add the packages of those
# languages here.
set -euo pipefail
packages=(bubblewrap iproute2 util-linux procps gcc libc6-dev python3)

# trial.sh uses another directory.
top=${AUTOGRADER:-/autograder}
source=$top/source
lab=$(cat "$source/lab")

missing=()
for package in "${packages[@]}"; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [[ ${#missing[@]} -gt 0 ]]; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

# Rust 1.85 or newer: the system's `cargo`, or a versioned package (`cargo-1.85`, in /usr/lib/rust-1.85).
path=$source/bin:$PATH
new_enough() { [[ $(printf '%s\n' 1.85 "$1" | sort -V | head -n 1) == 1.85 ]]; }
version=$(cargo --version 2>/dev/null | cut -d ' ' -f 2 || true)
if [[ -z $version ]] || ! new_enough "$version"; then
    apt-get update
    version=$(apt-cache search --names-only '^cargo-1\.[0-9]+$' | sed 's/^cargo-\([0-9.]*\).*/\1/' | sort -V | tail -n 1)
    if [[ -z $version ]] || ! new_enough "$version"; then
        echo 'error: this system has no Rust 1.85 or newer; choose a newer base image in the autograder settings' >&2
        exit 1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "cargo-$version" "rustc-$version"
    path=$source/bin:/usr/lib/rust-$version/bin:$PATH
    PATH=$path cargo --version
fi

export PATH=$path CARGO_HOME=$source/cargo CARGO_TARGET_DIR=$source/workspace/target CARGO_NET_OFFLINE=true
mkdir -p "$CARGO_HOME/registry" "$top/results"
chmod 755 "$source/bin/cargo-nextest"
{
    for name in PATH CARGO_HOME CARGO_TARGET_DIR CARGO_NET_OFFLINE; do
        printf 'export %s=%q\n' "$name" "${!name}"
    done
} >"$source/environment"

cd "$source/workspace"
cargo build --offline --locked -p labgrade

# Grades the students' stubs once. That compiles the tests and all dependencies of submissions. If anything is missing, it
# fails here, where staff see it.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/submissions/stubs"
cp -r "labs/$lab/src" "$scratch/submissions/stubs"
"$CARGO_TARGET_DIR/debug/labgrade" run "$lab" "$scratch/submissions" --out "$scratch/results" --jobs 1

# Without a sandbox, submissions run as a separate user, who must not read the tests or the results.
chmod 700 "$source" "$top/results"

#!/usr/bin/env bash
# Prepares the autograder's image: Gradescope runs this once, as root, when the zip is uploaded.
#
# Only Ubuntu's own packages are downloaded. If the students write in other languages than Rust, C and Python, name
# the packages of those languages here.
set -euo pipefail
packages=(bubblewrap iproute2 util-linux procps gcc libc6-dev python3)

# Trials put the folder elsewhere.
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

# Rust 1.85 or newer, as the system has it or under the name of its version (`cargo-1.85`, in /usr/lib/rust-1.85).
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

# The students' stubs are graded once: that compiles the tests and all that submissions depend on, and fails here, where
# staff see it, if anything is missing.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/submissions/stubs"
cp -r "labs/$lab/src" "$scratch/submissions/stubs"
"$CARGO_TARGET_DIR/debug/labgrade" run "$lab" "$scratch/submissions" --out "$scratch/results" --jobs 1

# Where there is no sandbox, submissions run as a user of their own: the tests' source and the results are not theirs.
chmod 700 "$source" "$top/results"

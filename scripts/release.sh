#!/usr/bin/env bash
# Makes what is handed out.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'EOF'
usage: scripts/release.sh gradescope LAB

gradescope LAB   writes dist/gradescope-LAB.zip, the autograder of one lab for Gradescope: to be uploaded as it is.
                 In it are the lab's tests and rubric, but not its solution, which the students' programs could
                 read; labgrade; all packages they need, so that nothing is downloaded there but Ubuntu's own; and
                 cargo-nextest, as Ubuntu does not have it. Needs Rust, cargo-nextest for x86_64, and python3.

Twice from the same files gives the same bytes.
EOF
    exit 0
fi

fail() {
    echo "error: $1" >&2
    exit "${2-1}"
}

cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# pack FOLDER ZIP: what is in the folder, with nothing of this machine but names, bytes and what is executable.
pack() {
    python3 - "$1" "$2" <<'EOF'
import os, sys, zipfile

top, archive = sys.argv[1:]
files = []
for folder, folders, names in os.walk(top):
    folders.sort()
    files += [os.path.join(folder, name) for name in names]
with zipfile.ZipFile(archive + ".new", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
    for path in sorted(files):
        # The earliest time that the format has.
        entry = zipfile.ZipInfo(os.path.relpath(path, top), (1980, 1, 1, 0, 0, 0))
        entry.create_system = 3
        entry.external_attr = (0o100755 if os.access(path, os.X_OK) else 0o100644) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        with open(path, "rb") as file:
            made.writestr(entry, file.read())
os.replace(archive + ".new", archive)
EOF
}

# nextest FOLDER: puts cargo-nextest there. It must run on the oldest Ubuntu that Gradescope offers, 22.04.
nextest() {
    local glibc program
    program=$(command -v cargo-nextest) || fail "cargo-nextest is not installed; get it with \`cargo install --locked cargo-nextest\`"
    [[ $(uname -m) == x86_64 ]] || fail 'Gradescope runs x86_64, and the cargo-nextest here is of another kind'
    glibc=$({ grep -ao 'GLIBC_2\.[0-9]*' "$program" || true; } | sort -uV | tail -n 1)
    if [[ $(printf '%s\n' "${glibc:-GLIBC_2.0}" GLIBC_2.35 | sort -V | tail -n 1) != GLIBC_2.35 ]]; then
        fail "\`$program\` needs $glibc, and Ubuntu 22.04 has GLIBC_2.35; take a release from https://get.nexte.st"
    fi
    mkdir -p "$1"
    cp "$program" "$1/cargo-nextest"
    chmod 755 "$1/cargo-nextest"
}

gradescope() {
    local lab=$1 top=$scratch/zip part
    local workspace=$top/workspace
    [[ -f labs/$lab/rubric.toml ]] || fail "\`labs/$lab/rubric.toml\` does not exist; the labs are in labs/"
    mkdir -p "$workspace/crates" "$workspace/labs" dist

    cp scripts/gradescope/setup.sh scripts/gradescope/run_autograder "$top"
    chmod 755 "$top/setup.sh" "$top/run_autograder"
    echo "$lab" >"$top/lab"
    nextest "$top/bin"

    # What students get of a workspace belongs to it, as labgrade finds changes to that by making a starter.
    cp Cargo.toml Cargo.lock LICENSE README.md rustfmt.toml .clippy.toml .gitignore "$workspace"
    cp labs/README.md "$workspace/labs"
    for part in crates/labcore crates/labtest crates/labgrade "labs/$lab"; do
        cp -r "$part" "$workspace/$part"
        rm -rf "${workspace:?}/$part/target" "${workspace:?}/$part/fuzz"
    done
    # labgrade's own tests try it on whole submissions, the right ones among them.
    rm -rf "$workspace/crates/labgrade/tests"
    # In the place of the solution the students' stubs: tests need programs to be compiled for, not to be right.
    cargo run --quiet --locked -p labgrade -- --workspace "$workspace" starter --out "$scratch/starter"
    rm -rf "${workspace:?}/labs/$lab/src"
    cp -r "$scratch/starter/labs/$lab/src" "$workspace/labs/$lab/src"

    cd "$workspace"
    # The lock file without what the other labs need; then the packages that are left.
    cargo update --quiet --workspace --offline
    cargo vendor --quiet --locked vendor >/dev/null
    mkdir .cargo
    cat >.cargo/config.toml <<'EOF'
[source.crates-io]
replace-with = "vendor"

[source.vendor]
directory = "vendor"
EOF
    cd "$OLDPWD"
    cp "$workspace/vendor/anyhow/LICENSE-APACHE" "$top/bin/LICENSE-cargo-nextest"

    pack "$top" "dist/gradescope-$lab.zip"
    printf 'dist/gradescope-%s.zip  %s bytes\n' "$lab" "$(stat -c %s "dist/gradescope-$lab.zip")"
}

case ${1-} in
gradescope)
    [[ $# -eq 2 ]] || fail "gradescope takes the name of one lab, such as \`udp-echo\`" 2
    gradescope "$2"
    ;;
'') fail 'nothing is named to make; see scripts/release.sh --help' 2 ;;
*) fail "\`$1\` is unknown; see scripts/release.sh --help" 2 ;;
esac

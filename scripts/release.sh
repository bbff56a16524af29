#!/usr/bin/env bash
# Builds a release.
set -euo pipefail

all_targets=(aarch64-unknown-linux-musl armv7-unknown-linux-musleabihf arm-unknown-linux-musleabihf x86_64-unknown-linux-musl)

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'END'
usage: scripts/release.sh [--dirty] [--target TARGET]... [--without-autograders]
       scripts/release.sh gradescope LAB

Builds a release of the current commit. The version is the one in Cargo.toml if the tag vVERSION names this commit;
otherwise it contains the commit's hash. Writes to dist/:

  socket-labs-VERSION-student.tar.gz           the students' workspace with all dependencies: builds without a network
  socket-labs-VERSION-staff.tar.gz             the whole workspace, also with all dependencies
  socket-labs-VERSION-programs-TARGET.tar.gz   static programs for Linux, and the handouts
  socket-labs_VERSION_ARCHITECTURE.deb         the same as a Debian package, with man pages and completions
  socket-labs-VERSION-licences.txt             the licences of all dependencies
  socket-labs-VERSION-sizes.txt                the sizes of the programs; the next release is compared with them
  gradescope-LAB.zip                           an autograder for each lab
  SHA256SUMS                                   the checksums of exactly these files

--dirty                 use the files as they are, including uncommitted changes
--target TARGET         build programs for this target only; may be given several times. Without it: aarch64, armv7,
                        arm (Raspberry Pi Zero and 1) and x86_64
--without-autograders   build no autograders

gradescope LAB   writes dist/gradescope-LAB.zip, an autograder that can be uploaded to Gradescope. It contains the lab's
                 tests and rubric; labgrade; all packages that they need, so that only Ubuntu packages are downloaded
                 there; and cargo-nextest, which Ubuntu does not have. It contains neither the lab's solution nor the model
                 answers, because students' programs could read them. Needs Rust, cargo-nextest for x86_64, and
                 python3 (3.11 or later).

Needs git, Rust with the targets (rustup target add), a C compiler for this computer, cargo-deb, python3, GNU tar,
flock, and what `gradescope` needs. The maintainer in the Debian packages is $DEBFULLNAME <$DEBEMAIL>, or the commit's
author.

The same commit and the same tools always give the same bytes.
END
    exit 0
fi

fail() {
    echo "error: $1" >&2
    exit "${2-1}"
}
step() { printf '\n-- %s\n' "$*"; }

cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# alone: takes the lock on dist/, and removes incomplete files at exit.
alone() {
    mkdir -p dist
    exec {lock}<dist
    flock --nonblock "$lock" || fail 'another release.sh is writing to dist/; wait until it has finished'
    trap 'rm -rf "$scratch" dist/*.new' EXIT
}

# pack FOLDER ZIP: zips a folder. Of each file only name, contents and execute permission are kept, so that two zips of the
# same files are equal.
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
        # The earliest time that the format can hold.
        entry = zipfile.ZipInfo(os.path.relpath(path, top), (1980, 1, 1, 0, 0, 0))
        entry.create_system = 3
        entry.external_attr = (0o100755 if os.access(path, os.X_OK) else 0o100644) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        with open(path, "rb") as file:
            made.writestr(entry, file.read())
os.replace(archive + ".new", archive)
EOF
}

# vendor WORKSPACE: copies all dependencies into the workspace, and configures cargo to use them.
vendor() {
    (cd "$1" && cargo vendor --quiet --locked vendor >/dev/null)
    mkdir "$1/.cargo"
    cat >"$1/.cargo/config.toml" <<'END'
[source.crates-io]
replace-with = "vendor"

[source.vendor]
directory = "vendor"
END
}

# nextest FOLDER: copies cargo-nextest there. It must run on the oldest Ubuntu that Gradescope offers, 22.04.
nextest() {
    local glibc program
    program=$(command -v cargo-nextest) || fail "cargo-nextest is not installed; get it with \`cargo install --locked cargo-nextest\`"
    [[ $(uname -m) == x86_64 ]] || fail "Gradescope needs a cargo-nextest for x86_64, and this one is for $(uname -m)"
    glibc=$({ grep -ao 'GLIBC_2\.[0-9]*' "$program" || true; } | sort -uV | tail -n 1)
    if [[ $(printf '%s\n' "${glibc:-GLIBC_2.0}" GLIBC_2.35 | sort -V | tail -n 1) != GLIBC_2.35 ]]; then
        fail "\`$program\` needs $glibc, but Ubuntu 22.04 has GLIBC_2.35; use a release from https://get.nexte.st"
    fi
    mkdir -p "$1"
    cp "$program" "$1/cargo-nextest"
    chmod 755 "$1/cargo-nextest"
}

# path_dependencies PACKAGE...: the directories of these packages of the workspace, and of all its packages that they need.
path_dependencies() {
    cargo metadata --locked --no-deps --format-version 1 | python3 -c '
import json, os, sys

metadata = json.load(sys.stdin)
packages = {package["name"]: package for package in metadata["packages"]}
found = list(sys.argv[1:])
for name in found:
    needed = [dependency["name"] for dependency in packages[name]["dependencies"] if dependency.get("path")]
    found += [other for other in needed if other not in found]
for name in found:
    print(os.path.relpath(os.path.dirname(packages[name]["manifest_path"]), metadata["workspace_root"]))
' "$@"
}

# without_models FILE: prints a questions.toml without its model answers.
without_models() {
    python3 - "$1" <<'EOF'
import sys, tomllib

with open(sys.argv[1], "rb") as file:
    for row in tomllib.load(file).get("question", []):
        print(f'[[question]]\nnumber = {row["number"]}\nexplain = {row["explain"]}\nmodel = ""\n')
EOF
}

gradescope() {
    local lab=$1 top=$scratch/zip part parts
    local workspace=$top/workspace
    [[ -f labs/$lab/rubric.toml ]] || fail "there is no lab \`$lab\`; the labs are the directories in labs/"
    mkdir -p "$workspace/crates" "$workspace/labs" "$workspace/scripts"

    cp scripts/gradescope/setup.sh scripts/gradescope/run_autograder "$top"
    chmod 755 "$top/setup.sh" "$top/run_autograder"
    echo "$lab" >"$top/lab"
    nextest "$top/bin"

    # labgrade makes a starter to find out what a submission has changed, so everything in a starter must be here.
    cp Cargo.toml Cargo.lock LICENSE README.md rustfmt.toml .clippy.toml .gitignore "$workspace"
    cp labs/README.md "$workspace/labs"
    cp scripts/demo.svg scripts/topology.sh "$workspace/scripts"
    mapfile -t parts < <(path_dependencies labgrade "$lab")
    [[ ${#parts[@]} -gt 2 ]] || fail 'failed to find the packages that labgrade needs'
    for part in "${parts[@]}"; do
        cp -r "$part" "$workspace/$part"
        rm -rf "${workspace:?}/$part/target" "${workspace:?}/$part/fuzz"
    done
    # labgrade's own tests contain correct submissions. Without the tests, its manifest must not name them either.
    rm -rf "$workspace/crates/labgrade/tests"
    awk '/^\[/ { is_test = $1 == "[[test]]" } !is_test' crates/labgrade/Cargo.toml >"$workspace/crates/labgrade/Cargo.toml"
    # The solution is replaced by the students' stubs: the tests are compiled with the lab's programs, but never run them.
    cargo run --quiet --locked -p labgrade -- --workspace "$workspace" starter --out "$scratch/starter" >/dev/null
    # The students' manifest names no reference program.
    rm -rf "${workspace:?}/labs/$lab"/{src,Cargo.toml,tests/full,tests/full.rs}
    cp -r "$scratch/starter/labs/$lab"/{src,Cargo.toml} "$workspace/labs/$lab"
    # labgrade needs to know which questions ask for an explanation, but not the model answers.
    [[ ! -f labs/$lab/questions.toml ]] || without_models "labs/$lab/questions.toml" >"$workspace/labs/$lab/questions.toml"

    cd "$workspace"
    # Removes from the lock file what only the other packages need, so that it is not vendored.
    cargo update --quiet --workspace --offline
    cd "$OLDPWD"
    vendor "$workspace"
    cp "$workspace/vendor/anyhow/LICENSE-APACHE" "$top/bin/LICENSE-cargo-nextest"

    pack "$top" "dist/gradescope-$lab.zip"
    printf 'dist/gradescope-%s.zip  %s bytes\n' "$lab" "$(stat -c %s "dist/gradescope-$lab.zip")"
}

# handout FILE NAME: prints a handout with its links changed for a folder that holds all handouts and their pictures, under
# the names of their labs, and no sources.
handout() {
    sed -E "s#\]\((\.\./)?([a-z-]+)/README\.md#](\2.md#g; s#\]\(\.\./README\.md#](labs.md#g
        s#\]\((\.\./)?([a-z-]+)/flow\.svg#](\2.svg#g; s#\]\(flow\.svg#]($2.svg#g
        s#\[([^]]*)\]\((src|(\.\./)+crates)/[^)]*\)#\1#g" "$1"
}

# archive FOLDER NAME: packs a folder as dist/socket-labs-VERSION-NAME.tar.gz. It contains one folder, socket-labs-VERSION;
# every file has the commit's time.
archive() {
    local made=dist/socket-labs-$version-$2.tar.gz
    tar --create --directory "$1" --transform "s,^\.,socket-labs-$version,SH" --sort=name --format=gnu \
        --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' --mtime="@$SOURCE_DATE_EPOCH" . |
        gzip --no-name -9 >"$made.new"
    mv "$made.new" "$made"
    released+=("$made")
    printf '%s  %s bytes\n' "$made" "$(stat -c %s "$made")"
}

# find_version: sets `version` from Cargo.toml and the tag.
find_version() {
    local dirty manifest
    dirty=$(git status --porcelain)
    if [[ -n $dirty && -z $take_dirty ]]; then
        fail "some changes are not committed (see \`git status\`); commit them, or add --dirty"
    fi
    manifest=$(sed -n '/^\[workspace\.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
    [[ $manifest =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "the version in Cargo.toml is \`$manifest\`; write it like \`0.1.0\`"
    version=$manifest
    if [[ -n $dirty ]]; then
        version+=-dev.dirty
    elif [[ $(git rev-parse --quiet --verify "refs/tags/v$manifest^{commit}") != "$(git rev-parse HEAD)" ]]; then
        version+=-dev.$(git rev-parse --short=8 HEAD)
        echo "note: no tag v$manifest names this commit, so the version is $version; for a release: git tag v$manifest"
    fi
}

# staff_tree FOLDER: writes the files of the commit there; with --dirty, the files that `git add --all` would commit now.
staff_tree() {
    local tree=HEAD
    mkdir "$1"
    if [[ -n $take_dirty ]]; then
        # A separate index and object store leave the repository unchanged.
        local objects
        objects=$(git rev-parse --path-format=absolute --git-path objects)
        export GIT_INDEX_FILE=$scratch/index GIT_OBJECT_DIRECTORY=$scratch/objects GIT_ALTERNATE_OBJECT_DIRECTORIES=$objects
        mkdir "$GIT_OBJECT_DIRECTORY"
        git add --all
        tree=$(git write-tree)
    fi
    git archive "$tree" | tar --extract --directory "$1"
    unset GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
}

# list_programs: prints package, name and source of each program in the staff tree: those of the labs, and the relay.
list_programs() {
    cargo metadata --manifest-path "$staff/Cargo.toml" --no-deps --locked --offline --format-version 1 | python3 -c '
import json, pathlib, sys
for package in json.load(sys.stdin)["packages"]:
    if package["name"] == "labrelay" or pathlib.Path(package["manifest_path"]).parent.parent.name == "labs":
        for target in package["targets"]:
            if "bin" in target["kind"]:
                print(package["name"], target["name"], target["src_path"])'
}

# build_programs TARGET: builds all programs from the staff tree, and copies them to $scratch/TARGET/bin.
build_programs() {
    local target=$1 package program size before
    # --icf merges identical functions. --remap-path-prefix removes the temporary path of the sources, which differs each time.
    local flags="-C linker=rust-lld -C link-self-contained=yes -C link-arg=--icf=all --remap-path-prefix=$staff=/socket-labs"
    (
        cd "$staff"
        RUSTFLAGS=$flags cargo build --target-dir "$scratch/target" --quiet --locked --offline --profile dist --target "$target" "${labs[@]/#/--package=}" --package=labrelay --bins
    )
    mkdir -p "$scratch/$target/bin"
    while read -r package program _; do
        cp "$scratch/target/$target/dist/$program" "$scratch/$target/bin"
        size=$(stat -c %s "$scratch/$target/bin/$program")
        echo "$target $program $size" >>"$sizes"
        before=
        [[ -z $previous ]] || before=$(awk -v t="$target" -v p="$program" '$1 == t && $2 == p { print $3 }' "$previous")
        [[ $size -le 1153433 ]] || before+='  larger than 1.1 MiB'
        printf '%-32s %-20s %8s bytes, before: %s\n' "$target" "$program" "$size" "${before:-none}"
    done <<<"$programs"
}

# manual FOLDER: writes man pages and completions there. A modified copy of each program generates them.
manual() {
    local copy=$scratch/manual-source package program source changed=
    mkdir -p "$copy" "$1"/{man,bash,fish,zsh}
    tar --create --directory "$staff" --exclude ./vendor --exclude ./.cargo . | tar --extract --directory "$copy"
    (
        cd "$copy"
        while read -r package program source; do
            source=$copy/${source#"$staff/"}
            [[ $package == "$changed" ]] || cargo add --quiet --package "$package" clap_mangen@=0.3.3 clap_complete@=4.6.11
            changed=$package
            sed -i 's/^fn main()/#[allow(dead_code)]\nfn run_program()/' "$source"
            cat scripts/release/manual.rs >>"$source"
        done <<<"$programs"
        # The copies never call `run`, which would cause warnings.
        RUSTFLAGS=--allow=warnings cargo build --quiet --target-dir "$scratch/target" "${labs[@]/#/--package=}" --package=labrelay --bins
    )
    while read -r _ program _; do "$scratch/target/debug/$program" "$1"; done <<<"$programs"
    for program in "$1"/bash/*.bash; do mv "$program" "${program%.bash}"; done
}

# debian_package TARGET: dist/socket-labs_VERSION_ARCHITECTURE.deb
debian_package() {
    local package=$scratch/package debian_version=${version/-/\~} maintainer architecture made
    case $1 in
    aarch64-*) architecture=arm64 ;;
    arm*) architecture=armhf ;;
    x86_64-*) architecture=amd64 ;;
    esac
    made=dist/socket-labs_${debian_version}_$architecture.deb
    maintainer=$(git log -1 --format='%an <%ae>')
    [[ -z ${DEBEMAIL-} ]] || maintainer="${DEBFULLNAME:-$DEBEMAIL} <$DEBEMAIL>"
    rm -rf "$package"
    cp -r "$scratch/manual" "$package"
    cp -r "$scratch/$1/bin" "$scratch/doc" "$package"
    cp "$staff/scripts/release/deb.toml" "$package/Cargo.toml"
    cp "$staff/scripts/release/overrides" "$package/overrides"
    touch "$package/lib.rs"
    {
        printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: socket-labs\n\n'
        printf 'Files: *\n%s\nLicense: MIT\n' "$(sed -n 's/^Copyright (c)/Copyright:/p' "$staff/LICENSE")"
        sed '1,/^Copyright/d' "$staff/LICENSE" | sed '/./,$!d' | sed 's/^$/./; s/^/ /'
        printf 'Comment:\n The programs are static. The licences of the libraries in them are in\n /usr/share/doc/socket-labs/licences.txt.\n'
    } >"$package/copyright"
    {
        printf 'socket-labs (%s) unstable; urgency=medium\n\n  * Release %s.\n\n' "$debian_version" "$version"
        printf ' -- %s  %s\n' "$maintainer" "$(LC_ALL=C date --utc --date="@$SOURCE_DATE_EPOCH" '+%a, %d %b %Y %H:%M:%S +0000')"
    } | gzip --no-name -9 >"$package/changelog.gz"
    sed -i "s|^license = .*|&\nauthors = [\"$maintainer\"]|" "$package/Cargo.toml"
    find "$package" -exec touch --date="@$SOURCE_DATE_EPOCH" {} +
    (
        cd "$package"
        CARGO_TARGET_DIR=$scratch/target cargo deb --quiet --no-build --no-strip --target "$1" \
            --deb-version "$debian_version" --output "$scratch/made.deb" >/dev/null
    )
    mv "$scratch/made.deb" "$made"
    released+=("$made")
    printf '%s  %s bytes\n' "$made" "$(stat -c %s "$made")"
}

release() {
    local take_dirty='' autograders=yes target lab program
    local targets=() released=()
    while [[ $# -gt 0 ]]; do
        case $1 in
        --dirty) take_dirty=yes ;;
        --without-autograders) autograders= ;;
        --target)
            [[ " ${all_targets[*]} " == *" ${2-} "* ]] || fail "\`${2-}\` is not a supported target; choose from ${all_targets[*]}" 2
            targets+=("$2")
            shift
            ;;
        *) fail "\`$1\` is unknown; see scripts/release.sh --help" 2 ;;
        esac
        shift
    done
    [[ ${#targets[@]} -gt 0 ]] || targets=("${all_targets[@]}")

    alone
    # Missing tools are reported before any work begins.
    local version library
    find_version
    library=$(rustc --print sysroot)/lib/rustlib
    for target in "${targets[@]}"; do
        [[ -d $library/$target ]] || fail "the target \`$target\` is not installed; get it with \`rustup target add $target\`"
    done
    cargo deb --version >/dev/null 2>&1 || fail "cargo-deb is not installed; get it with \`cargo install --locked cargo-deb\`"
    [[ -z $autograders ]] || nextest "$scratch/nextest"
    export SOURCE_DATE_EPOCH
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)

    step "the workspaces of $version"
    local staff=$scratch/staff labs=() programs
    staff_tree "$staff"
    for lab in "$staff"/labs/*/; do labs+=("$(basename "$lab")"); done
    cargo run --quiet --locked -p labgrade -- --workspace "$staff" starter --out "$scratch/student" >/dev/null
    vendor "$scratch/student"
    vendor "$staff"
    archive "$scratch/student" student
    archive "$staff" staff
    programs=$(list_programs)

    step 'licences'
    "$staff/scripts/release/licences.py" "$staff" >"$scratch/licences.txt"
    cp "$scratch/licences.txt" "dist/socket-labs-$version-licences.txt"
    released+=("dist/socket-labs-$version-licences.txt")
    printf '%s packages\n' "$(grep -c '^[^ ]* [0-9][^ ]*: ' "$scratch/licences.txt")"

    step 'programs'
    local sizes=$scratch/sizes.txt previous
    # The latest other release in dist/.
    previous=$(find dist -name 'socket-labs-*-sizes.txt' ! -name "socket-labs-$version-sizes.txt" | sort -V | tail -n 1)
    : >"$sizes"
    mkdir "$scratch/doc"
    handout "$scratch/student/labs/README.md" labs >"$scratch/doc/labs.md"
    for lab in "${labs[@]}"; do
        handout "$scratch/student/labs/$lab/README.md" "$lab" >"$scratch/doc/$lab.md"
        cp "$scratch/student/labs/$lab/flow.svg" "$scratch/doc/$lab.svg"
    done
    cp "$scratch/licences.txt" "$scratch/doc"
    for target in "${targets[@]}"; do
        build_programs "$target"
        mkdir -p "$scratch/$target/share/doc"
        cp -r "$scratch/doc" "$scratch/$target/share/doc/socket-labs"
        archive "$scratch/$target" "programs-$target"
    done
    cp "$sizes" "dist/socket-labs-$version-sizes.txt"
    released+=("dist/socket-labs-$version-sizes.txt")

    step 'Debian packages'
    manual "$scratch/manual"
    for target in "${targets[@]}"; do
        # armhf covers both 32-bit targets; the programs for the older processors also run on the newer ones.
        [[ $target == armv7-* ]] || debian_package "$target"
    done

    if [[ -n $autograders ]]; then
        step 'autograders'
        for lab in "${labs[@]}"; do
            rm -rf "$scratch/zip" "$scratch/starter"
            gradescope "$lab"
            released+=("dist/gradescope-$lab.zip")
        done
    fi

    (cd dist && sha256sum "${released[@]#dist/}" | LC_ALL=C sort -k 2 >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
    step "dist/SHA256SUMS lists $version: ${#released[@]} files"
}

case ${1-} in
gradescope)
    [[ $# -eq 2 ]] || fail "gradescope needs the name of one lab, for example \`udp-echo\`" 2
    alone
    gradescope "$2"
    ;;
*) release "$@" ;;
esac

#!/usr/bin/env bash
# Tests what scripts/release.sh makes.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'END'
usage: scripts/tests/release.sh [--dirty] [TARGET...]

Makes a release of the commit that is checked out (with --dirty of the files as they are), with programs for the TARGETs
(all whose standard library is installed, if none is named), in a clone: dist/ here stays as it is. Makes it once more in
another clone, but for one target and with one autograder, and compares the bytes. Then, of the release:
- the archives build, and their udp-echo passes its tests, without a network and with an empty cargo home, with this Rust
  and with 1.85 where it is installed;
- the programs need no library, and each is under 1 MiB; the tests of every lab pass with them, under QEMU where this
  computer can't run them itself;
- lintian finds no error in the Debian packages; they can be installed, their man pages read without a warning, and their
  completions complete; nothing in them runs or starts by itself;
- a change that is not committed, a target that is not there, and a second release at the same time are refused.

Needs what release.sh needs, and unshare, and root or leave to make user namespaces. Leaves out what it can't do without
lintian, man, qemu-user-static or Rust 1.85, but not where CI is set.
END
    exit 0
fi

cd "$(dirname "$0")/../.."
dirty=()
if [[ ${1-} == --dirty ]]; then
    dirty=(--dirty)
    shift
fi
fail() {
    echo "error: $1" >&2
    exit 1
}
step() { printf '\n-- %s\n' "$*"; }
missing() {
    echo "left out: $1 is not there; to get it: $2"
    [[ -z ${CI-} ]]
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

library=$(rustc --print sysroot)/lib/rustlib
targets=("$@")
if [[ $# -eq 0 ]]; then
    for target in aarch64-unknown-linux-musl armv7-unknown-linux-musleabihf arm-unknown-linux-musleabihf \
        x86_64-unknown-linux-musl; do
        if [[ -d $library/$target ]]; then
            targets+=("$target")
        else
            echo "left out: $target, as its standard library is not there; to get it: rustup target add $target"
        fi
    done
fi
[[ ${#targets[@]} -gt 0 ]] || fail 'no target is installed; see scripts/release.sh --help'
chosen=()
for target in "${targets[@]}"; do chosen+=(--target "$target"); done

# refuses WHAT COMPLAINT COMMAND...: the command must fail with these words.
refuses() {
    local what=$1 words=$2 said status=0
    shift 2
    said=$("$@" 2>&1) || status=$?
    [[ $status -ne 0 && $said == *"$words"* ]] || fail "not refused: $what; status $status, it said: $said"
    echo "refused: $what"
}

# The tags, and so the version, come along.
for clone in here elsewhere; do git clone --quiet --no-hardlinks . "$scratch/$clone"; done
if [[ ${#dirty[@]} -gt 0 ]]; then
    git ls-files -z --deleted | (cd "$scratch/here" && xargs -0r rm -f --)
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
        [[ ! -e $file ]] || printf '%s\0' "$file"
    done | tar --create --null --files-from=- | tar --extract --directory "$scratch/here"
fi
dist=$scratch/here/dist
# Neither of them compiles anew what labgrade is built from.
built=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

step 'what is refused'
echo >>"$scratch/elsewhere/README.md"
refuses 'a change that is not committed' 'are not committed' "$scratch/elsewhere/scripts/release.sh"
git -C "$scratch/elsewhere" checkout --quiet README.md
mkdir "$scratch/few"
printf '#!/bin/sh\necho %q\n' "$scratch" >"$scratch/few/rustc"
chmod +x "$scratch/few/rustc"
refuses 'a target that is not there' 'rustup target add aarch64-unknown-linux-musl' \
    env PATH="$scratch/few:$PATH" "$scratch/here/scripts/release.sh" --dirty --target aarch64-unknown-linux-musl
refuses 'a target that is not ours' 'no target of ours' "$scratch/here/scripts/release.sh" --target sparc
mkdir -p "$scratch/elsewhere/dist"
refuses 'a second one at the same time' 'another release.sh is writing' \
    flock "$scratch/elsewhere/dist" "$scratch/elsewhere/scripts/release.sh"

step 'a release'
mkdir -p "$dist"
echo "${targets[0]} udp-echo-server 123" >"$dist/socket-labs-0.0.9-sizes.txt" # of the release before
CARGO_TARGET_DIR=$built "$scratch/here/scripts/release.sh" ${dirty[@]+"${dirty[@]}"} "${chosen[@]}" | tee "$scratch/said"
grep -q "^${targets[0]} .* udp-echo-server .* bytes, before: 123$" "$scratch/said" || fail 'it is not compared with the one before'
(cd "$dist" && sha256sum --quiet --check SHA256SUMS)
student=$(sed -n 's/.*  \(socket-labs-.*-student\.tar\.gz\)$/\1/p' "$dist/SHA256SUMS")
version=${student#socket-labs-}
version=${version%-student.tar.gz}

step 'once more, at another place'
if [[ ${#dirty[@]} -eq 0 ]]; then
    CARGO_TARGET_DIR=$built "$scratch/elsewhere/scripts/release.sh" --target "${targets[0]}" --without-autograders >/dev/null
    CARGO_TARGET_DIR=$built "$scratch/elsewhere/scripts/release.sh" gradescope udp-echo >/dev/null
    (cd "$scratch/elsewhere/dist" && sha256sum gradescope-udp-echo.zip >>SHA256SUMS)
    # The list of sizes is the shorter one there.
    if grep -v 'sizes\.txt$' "$scratch/elsewhere/dist/SHA256SUMS" | grep -Fxvf "$dist/SHA256SUMS"; then
        fail 'the same commit gave other bytes (lines above)'
    fi
    echo "the same bytes in $(wc -l <"$scratch/elsewhere/dist/SHA256SUMS") files"
else
    echo 'left out: --dirty'
fi

# As on a computer without a network: nothing but loopback, and a cargo that has never downloaded anything.
offline() {
    local as=()
    [[ $(id -u) -eq 0 ]] || as=(--map-root-user)
    rm -rf "$scratch/cargo-home"
    CARGO_HOME=$scratch/cargo-home CARGO_TARGET_DIR=$scratch/target unshare ${as[@]+"${as[@]}"} --net \
        sh -c 'ip link set lo up && exec "$@"' sh "$@"
}
toolchains=('')
if rustup run 1.85.0 cargo --version >/dev/null 2>&1; then
    toolchains+=("$(rustup run 1.85.0 rustc --print sysroot)/bin:")
else
    missing 'Rust 1.85' 'rustup toolchain install 1.85.0 --profile minimal'
fi
for who in student staff; do
    mkdir "$scratch/$who"
    tar --extract --gzip --directory "$scratch/$who" --file "$dist/socket-labs-$version-$who.tar.gz"
    for toolchain in "${toolchains[@]}"; do
        (
            PATH=$toolchain$PATH
            # rustup's own programs need a cargo home that has them.
            PATH=$(dirname "$(rustc --print sysroot)/bin/cargo"):$PATH
            step "the $who's archive, offline, $(cargo --version)"
            cd "$scratch/$who/socket-labs-$version"
            offline cargo build --quiet --offline --locked
            if [[ $who == staff ]]; then
                offline cargo test --quiet --offline --locked -p udp-echo
            else
                # The students' programs do nothing yet; their tests are there, and fail.
                offline cargo test --quiet --offline --locked -p udp-echo --no-run
                if offline cargo test --quiet --offline --locked -p udp-echo >"$scratch/said" 2>&1; then
                    fail 'the tests pass with what students begin with'
                fi
                grep -q 'test result: FAILED' "$scratch/said" || fail "the tests did not run: $(tail -n 3 "$scratch/said")"
            fi
        )
    done
done
rm -rf "$scratch/target"

step 'programs'
awk '$3 > 1048576 { print "error: larger than 1 MiB: " $0; wrong = 1 } END { exit wrong }' "$dist/socket-labs-$version-sizes.txt"
for target in "${targets[@]}"; do
    mkdir "$scratch/$target"
    tar --extract --gzip --directory "$scratch/$target" --file "$dist/socket-labs-$version-programs-$target.tar.gz"
    bin=$scratch/$target/socket-labs-$version/bin
    for program in "$bin"/*; do
        # An ELF file that names a program loader, or a library, is not static.
        LC_ALL=C readelf --program-headers --dynamic "$program" >"$scratch/headers"
        if grep -E 'INTERP|NEEDED' "$scratch/headers"; then fail "$program is not static (lines above)"; fi
    done
    scripts/tests/programs.sh "$target" "$bin"
done

# complete_and_read PROGRAM: tries the completions and the man page in the unpacked package where we are.
complete_and_read() {
    local said
    # shellcheck disable=SC2016 # for the shell inside
    said=$(bash --norc -euc '. "$1"
        function=$(complete -p "$2" | sed "s/.* -F \([^ ]*\) .*/\1/")
        COMP_WORDS=("$2" --he) COMP_CWORD=1
        "$function" "$2" --he "$2"
        echo "${COMPREPLY[@]}"' - "usr/share/bash-completion/completions/$1" "$1") || true
    [[ $said == --help ]] || fail "bash completes nothing for $1"
    if man --version >/dev/null 2>&1; then
        said=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings --local-file "usr/share/man/man1/$1.1.gz" 2>&1 >"$scratch/page")
        [[ -z $said ]] || fail "the man page of $1: $said"
        grep -q '^SYNOPSIS' "$scratch/page" || fail "$1 has no man page"
    else
        missing man 'apt-get install man-db'
    fi
}

step 'Debian packages'
while read -r package; do
    rm -rf "$scratch/package"
    dpkg-deb --raw-extract "$dist/$package" "$scratch/package"
    (
        cd "$scratch/package"
        # Only what is known to be passive: no script of a maintainer, no unit, no job.
        find . -type f -o -type l | grep -vE '^\./usr/(bin|share/(doc|man|lintian|bash-completion|fish|zsh))/|^\./DEBIAN/(control|md5sums)$' &&
            fail "$package has more than programs and documentation (lines above)"
        grep -nE 'STAFF|\]\((\.\./|src/|[a-z-]+/)' usr/share/doc/socket-labs/*.md && fail "$package has pages for staff, or dead links (lines above)"
        for program in usr/bin/*; do complete_and_read "${program##*/}"; done
    )
    # On a system of its own, which has nothing.
    rm -rf "$scratch/system"
    mkdir -p "$scratch/system/var/lib/dpkg/"{info,updates,triggers}
    touch "$scratch/system/var/lib/dpkg/"{status,available}
    dpkg --root="$scratch/system" --force-not-root,bad-path,architecture --log=/dev/null --install "$dist/$package" \
        >"$scratch/said" 2>&1 || fail "$package can't be installed: $(<"$scratch/said")"
    [[ $package != *"_$(dpkg --print-architecture).deb" ]] || "$scratch/system/usr/bin/udp-echo-server" --version
    if command -v lintian >/dev/null; then
        # The maintainer's address is whoever releases', not ours.
        TMPDIR=$scratch lintian --fail-on error --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$dist/$package"
    else
        missing lintian 'apt-get install lintian'
    fi
    echo "$package: in order"
done < <(sed -n 's/.*  \(.*\.deb\)$/\1/p' "$dist/SHA256SUMS")

printf '\nThe release %s is in order.\n' "$version"

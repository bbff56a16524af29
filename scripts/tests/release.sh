#!/usr/bin/env bash
# Tests scripts/release.sh and the release that it builds.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'END'
usage: scripts/tests/release.sh [--dirty] [--long] [TARGET...]

Builds a release of the current commit (with --dirty: of the files as they are), with programs for each TARGET (default:
every target whose standard library is installed). Works in a clone, so dist/ stays as it is. Checks that:
- an uncommitted change, a missing target, and a second release at the same time are refused;
- a second clone gives the same bytes (one target, one autograder; not with --dirty);
- without a network and with an empty cargo home, the students' archive builds with Rust 1.85, and the staff's archive
  builds with the default Rust and passes the tests of udp-echo;
- the programs need no library, and each is at most 1.1 MiB; they pass the tests of every lab. Programs for another
  processor run under QEMU, and only the core and hidden tests (with --long all tests);
- lintian finds no error in the Debian packages; they can be installed, their man pages have no warnings, and their
  completions work; nothing in them starts automatically.

Needs the tools of release.sh, unshare, and permission to create user namespaces. Without lintian, man,
qemu-user-static or Rust 1.85, the checks that need them are left out; with CI set, that is an error.
END
    exit 0
fi

cd "$(dirname "$0")/../.."
top=$PWD
dirty=() long=()
while [[ ${1-} == --* ]]; do
    case $1 in
    --dirty) dirty=(--dirty) ;;
    --long) long=(--long) ;;
    *) echo "error: \`$1\` is unknown; see --help" >&2 && exit 2 ;;
    esac
    shift
done
fail() {
    echo "error: $1" >&2
    exit 1
}
step() { printf '\n-- %s\n' "$*"; }
missing() {
    echo "left out: $1 is missing; to install it: $2"
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
            echo "left out: $target, because its standard library is missing; to install it: rustup target add $target"
        fi
    done
fi
[[ ${#targets[@]} -gt 0 ]] || fail 'no target is installed; see scripts/release.sh --help'
chosen=()
for target in "${targets[@]}"; do chosen+=(--target "$target"); done

# refuses WHAT MESSAGE COMMAND...: checks that the command fails with this message.
refuses() {
    local what=$1 words=$2 output status=0
    shift 2
    output=$("$@" 2>&1) || status=$?
    [[ $status -ne 0 && $output == *"$words"* ]] || fail "not refused: $what; status $status, output: $output"
    echo "refused: $what"
}

# Clones include the tags, which decide the version.
for clone in here elsewhere; do git clone --quiet --no-hardlinks . "$scratch/$clone"; done
if [[ ${#dirty[@]} -gt 0 ]]; then
    git ls-files -z --deleted | (cd "$scratch/here" && xargs -0r rm -f --)
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
        [[ ! -e $file ]] || printf '%s\0' "$file"
    done | tar --create --null --files-from=- | tar --extract --directory "$scratch/here"
fi
dist=$scratch/here/dist
# Both releases share the build directory, so labgrade's dependencies are not compiled again.
built=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

step 'what is refused'
echo >>"$scratch/elsewhere/README.md"
refuses 'an uncommitted change' 'are not committed' "$scratch/elsewhere/scripts/release.sh"
git -C "$scratch/elsewhere" checkout --quiet README.md
mkdir "$scratch/few"
printf '#!/bin/sh\necho %q\n' "$scratch" >"$scratch/few/rustc"
chmod +x "$scratch/few/rustc"
refuses 'a missing target' 'rustup target add aarch64-unknown-linux-musl' \
    env PATH="$scratch/few:$PATH" "$scratch/here/scripts/release.sh" --dirty --target aarch64-unknown-linux-musl
refuses 'an unsupported target' 'not a supported target' "$scratch/here/scripts/release.sh" --target sparc
mkdir -p "$scratch/elsewhere/dist"
refuses 'a second release at the same time' 'another release.sh is writing' \
    flock "$scratch/elsewhere/dist" "$scratch/elsewhere/scripts/release.sh"

step 'a release'
mkdir -p "$dist"
echo "${targets[0]} udp-echo-server 123" >"$dist/socket-labs-0.0.9-sizes.txt" # from an earlier release
CARGO_TARGET_DIR=$built "$scratch/here/scripts/release.sh" ${dirty[@]+"${dirty[@]}"} "${chosen[@]}" | tee "$scratch/output"
grep -q "^${targets[0]} .* udp-echo-server .* bytes, before: 123$" "$scratch/output" || fail 'the sizes are not compared with the earlier release'
(cd "$dist" && sha256sum --quiet --check SHA256SUMS)
student=$(sed -n 's/.*  \(socket-labs-.*-student\.tar\.gz\)$/\1/p' "$dist/SHA256SUMS")
version=${student#socket-labs-}
version=${version%-student.tar.gz}

step 'the same release in another clone'
if [[ ${#dirty[@]} -eq 0 ]]; then
    CARGO_TARGET_DIR=$built "$scratch/elsewhere/scripts/release.sh" --target "${targets[0]}" --without-autograders >/dev/null
    CARGO_TARGET_DIR=$built "$scratch/elsewhere/scripts/release.sh" gradescope udp-echo >/dev/null
    (cd "$scratch/elsewhere/dist" && sha256sum gradescope-udp-echo.zip >>SHA256SUMS)
    # The list of sizes differs, because the second release has one target only.
    if grep -v 'sizes\.txt$' "$scratch/elsewhere/dist/SHA256SUMS" | grep -Fxvf "$dist/SHA256SUMS"; then
        fail 'the same commit gave different bytes (lines above)'
    fi
    echo "the same bytes in $(wc -l <"$scratch/elsewhere/dist/SHA256SUMS") files"
else
    echo 'left out, because of --dirty'
fi

# offline COMMAND...: runs a command with loopback only, and with an empty cargo home.
offline() {
    local as=()
    [[ $(id -u) -eq 0 ]] || as=(--map-root-user)
    rm -rf "$scratch/cargo-home"
    CARGO_HOME=$scratch/cargo-home CARGO_TARGET_DIR=$scratch/target unshare ${as[@]+"${as[@]}"} --net \
        sh -c 'ip link set lo up && exec "$@"' sh "$@"
}
# toolchain [VERSION]: prints the folder of a toolchain's programs. rustup's proxies do not work with an empty cargo home.
toolchain() { echo "$(${1:+rustup run "$1"} rustc --print sysroot)/bin"; }

oldest=''
if rustup run 1.85.0 cargo --version >/dev/null 2>&1; then
    oldest=1.85.0
else
    missing 'Rust 1.85' 'rustup toolchain install 1.85.0 --profile minimal'
fi
# Both archives contain the same packages, so each is built with one toolchain only.
for who in student staff; do
    mkdir "$scratch/$who"
    tar --extract --gzip --directory "$scratch/$who" --file "$dist/socket-labs-$version-$who.tar.gz"
    (
        [[ $who == student ]] || oldest=''
        PATH=$(toolchain "$oldest"):$PATH
        step "the $who archive, offline, $(cargo --version)"
        cd "$scratch/$who/socket-labs-$version"
        offline cargo build --quiet --offline --locked
        if [[ $who == staff ]]; then
            offline cargo test --quiet --offline --locked -p udp-echo
        else
            # The students' programs are stubs, so their tests must run and fail.
            if offline cargo test --quiet --offline --locked -p udp-echo >"$scratch/output" 2>&1; then
                fail 'the tests pass with the stubs'
            fi
            grep -q 'test result: FAILED' "$scratch/output" || fail "the tests did not run: $(tail -n 3 "$scratch/output")"
        fi
    )
done
rm -rf "$scratch/target"

step 'programs'
awk '$3 > 1153433 { print "error: larger than 1.1 MiB: " $0; wrong = 1 } END { exit wrong }' "$dist/socket-labs-$version-sizes.txt"
for target in "${targets[@]}"; do
    mkdir "$scratch/$target"
    tar --extract --gzip --directory "$scratch/$target" --file "$dist/socket-labs-$version-programs-$target.tar.gz"
    bin=$scratch/$target/socket-labs-$version/bin
    for program in "$bin"/*; do
        # A static ELF file names neither a program interpreter nor a library.
        LC_ALL=C readelf --program-headers --dynamic "$program" >"$scratch/headers"
        if grep -E 'INTERP|NEEDED' "$scratch/headers"; then fail "$program is not static (lines above)"; fi
    done
    scripts/tests/programs.sh ${long[@]+"${long[@]}"} "$target" "$bin"
done

# complete_and_read PROGRAM: tests a program's completions and man page in the current directory, an unpacked package.
complete_and_read() {
    local output
    # shellcheck disable=SC2016 # for the shell inside
    output=$(bash --norc -euc '. "$1"
        function=$(complete -p "$2" | sed "s/.* -F \([^ ]*\) .*/\1/")
        COMP_WORDS=("$2" --he) COMP_CWORD=1
        "$function" "$2" --he "$2"
        echo "${COMPREPLY[@]}"' - "usr/share/bash-completion/completions/$1" "$1") || true
    [[ $output == --help ]] || fail "bash completes nothing for $1"
    if man --version >/dev/null 2>&1; then
        output=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings --local-file "usr/share/man/man1/$1.1.gz" 2>&1 >"$scratch/page")
        [[ -z $output ]] || fail "the man page of $1: $output"
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
        # Only passive files are allowed: no maintainer script, no unit, no cron job.
        find . -type f -o -type l | grep -vE '^\./usr/(bin|share/(doc|man|lintian|bash-completion|fish|zsh))/|^\./DEBIAN/(control|md5sums)$' &&
            fail "$package contains more than programs and documentation (lines above)"
        grep -n STAFF usr/share/doc/socket-labs/*.md && fail "$package contains text for staff (lines above)"
        "$top/scripts/tests/instructors.py" --links usr/share/doc/socket-labs || fail "$package has broken links (lines above)"
        for program in usr/bin/*; do complete_and_read "${program##*/}"; done
    )
    # Installs it on an empty system.
    rm -rf "$scratch/system"
    mkdir -p "$scratch/system/var/lib/dpkg/"{info,updates,triggers}
    touch "$scratch/system/var/lib/dpkg/"{status,available}
    dpkg --root="$scratch/system" --force-not-root,bad-path,architecture --log=/dev/null --install "$dist/$package" \
        >"$scratch/output" 2>&1 || fail "$package can't be installed: $(<"$scratch/output")"
    [[ $package != *"_$(dpkg --print-architecture).deb" ]] || "$scratch/system/usr/bin/udp-echo-server" --version
    if command -v lintian >/dev/null; then
        # The maintainer's address depends on who releases, so it is not checked.
        TMPDIR=$scratch lintian --fail-on error --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$dist/$package"
    else
        missing lintian 'apt-get install lintian'
    fi
    echo "$package: passed"
done < <(sed -n 's/.*  \(.*\.deb\)$/\1/p' "$dist/SHA256SUMS")

printf '\nThe release %s passed.\n' "$version"

#!/usr/bin/env bash
# Tests what scripts/release.sh makes.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    cat <<'END'
usage: scripts/tests/release.sh [--dirty] [TARGET...]

Makes a release with programs for the TARGETs (all whose standard library is installed, if none is named) twice, at two
places, and compares the bytes. Then, of the release in dist/:
- the archives build, and their udp-echo passes its tests, without a network and with an empty cargo home, with this Rust
  and with 1.85 where it is installed;
- the programs need no library, and each is under 1 MiB; the tests of every lab pass with them, under QEMU where this
  computer can't run them itself;
- lintian finds no error in the Debian packages, and nothing in them runs or starts by itself;
- a change that is not committed, and a target that is not there, are refused.

Needs what release.sh needs, and unshare, and root or leave to make user namespaces. Leaves out what it can't do without
lintian, qemu-user-static or Rust 1.85, but not where CI is set.
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
        if [[ -d $library/$target ]]; then targets+=("$target"); else echo "left out: \`rustup target add $target\`"; fi
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

step 'what is refused'
git clone --quiet --no-hardlinks . "$scratch/elsewhere"
echo >>"$scratch/elsewhere/README.md"
refuses 'a change that is not committed' 'are not committed' "$scratch/elsewhere/scripts/release.sh"
git -C "$scratch/elsewhere" checkout --quiet README.md
mkdir "$scratch/few"
printf '#!/bin/sh\necho %q\n' "$scratch" >"$scratch/few/rustc"
chmod +x "$scratch/few/rustc"
refuses 'a target that is not there' 'rustup target add aarch64-unknown-linux-musl' \
    env PATH="$scratch/few:$PATH" scripts/release.sh --dirty --target aarch64-unknown-linux-musl
refuses 'a target that is not ours' 'no target of ours' scripts/release.sh --target sparc

step 'a release'
scripts/release.sh ${dirty[@]+"${dirty[@]}"} "${chosen[@]}"
(cd dist && sha256sum --quiet --check SHA256SUMS)
student=$(sed -n 's/.*  \(socket-labs-.*-student\.tar\.gz\)$/\1/p' dist/SHA256SUMS)
version=${student#socket-labs-}
version=${version%-student.tar.gz}

step 'once more, at another place'
if [[ ${#dirty[@]} -eq 0 ]]; then
    # The tags, and so the version, came along.
    "$scratch/elsewhere/scripts/release.sh" "${chosen[@]}" >/dev/null
    diff dist/SHA256SUMS "$scratch/elsewhere/dist/SHA256SUMS" || fail 'the same commit gave other bytes (lines above)'
    echo 'the same bytes'
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
    tar --extract --gzip --directory "$scratch/$who" --file "dist/socket-labs-$version-$who.tar.gz"
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
    rm -rf "$scratch/target"
done

step 'programs'
awk '$3 > 1048576 { print "error: larger than 1 MiB: " $0; wrong = 1 } END { exit wrong }' "dist/socket-labs-$version-sizes.txt"
for target in "${targets[@]}"; do
    mkdir "$scratch/$target"
    tar --extract --gzip --directory "$scratch/$target" --file "dist/socket-labs-$version-programs-$target.tar.gz"
    bin=$scratch/$target/socket-labs-$version/bin
    for program in "$bin"/*; do
        # An ELF file that names a program loader, or a library, is not static.
        LC_ALL=C readelf --program-headers --dynamic "$program" >"$scratch/headers"
        if grep -E 'INTERP|NEEDED' "$scratch/headers"; then fail "$program is not static (lines above)"; fi
    done
    scripts/tests/programs.sh "$target" "$bin"
done

step 'Debian packages'
while read -r package; do
    rm -rf "$scratch/package"
    dpkg-deb --raw-extract "dist/$package" "$scratch/package"
    (
        cd "$scratch/package"
        # Only what is known to be passive: no script of a maintainer, no unit, no job.
        find . -type f -o -type l | grep -vE '^\./usr/(bin|share/(doc|man|lintian|bash-completion|fish|zsh))/|^\./DEBIAN/(control|md5sums)$' &&
            fail "$package has more than programs and documentation (lines above)"
        for program in usr/bin/*; do
            program=$(basename "$program")
            zcat "usr/share/man/man1/$program.1.gz" | grep -q '^\.SH SYNOPSIS' || fail "$package has no man page of $program"
            [[ -s usr/share/bash-completion/completions/$program ]] || fail "$package completes nothing for $program"
        done
        bash -n usr/share/bash-completion/completions/*
    )
    if command -v lintian >/dev/null; then
        # The maintainer's address is whoever releases', not ours.
        lintian --fail-on error --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "dist/$package"
    else
        missing lintian 'apt-get install lintian'
    fi
    echo "$package: in order"
done < <(sed -n 's/.*  \(.*\.deb\)$/\1/p' dist/SHA256SUMS)

printf '\nThe release %s is in order.\n' "$version"

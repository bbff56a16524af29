#!/usr/bin/env bash
# Tests http-file-server with independent HTTP tools: REDbot, slowhttptest and a browser.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: scripts/http-trials.sh [redbot] [slowhttptest] [browser] [--screenshots DIR]

Starts http-file-server on loopback and runs the named trials, or all three. Fails if a tool is missing:

  redbot        checks responses against the HTTP specifications; any warning or error fails the trial
                (pip install redbot)
  slowhttptest  keeps hundreds of slow connections open (slow headers, slow bodies, slow reading), and checks that the
                server still answers others (apt-get install slowhttptest)
  browser       loads a page with a style sheet, a script, an image and a link to a directory, and a page that does not
                exist; the page's script reports what it received (apt-get install chromium)

  --screenshots DIR   save what the browser showed as DIR/*.png
EOF
}

die() {
    echo "error: $1" >&2
    exit "${2-1}"
}

trials=() screenshots=''
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        redbot | slowhttptest | browser) trials+=("$1") ;;
        --screenshots) [[ -n ${2-} ]] || die '--screenshots needs a folder' 2 && screenshots=$2 && shift ;;
        *) die "\`$1\` is unknown; see --help" 2 ;;
    esac
    shift
done
[[ ${#trials[@]} -gt 0 ]] || trials=(redbot slowhttptest browser)
[[ -z $screenshots ]] || { mkdir -p "$screenshots" && screenshots=$(cd "$screenshots" && pwd); }

needs() { command -v "$1" >/dev/null || die "\`$1\` is missing: $2"; }
for trial in "${trials[@]}"; do
    case $trial in
        redbot) needs redbot 'pip install redbot' && needs script 'apt-get install bsdutils' ;;
        slowhttptest) needs slowhttptest 'apt-get install slowhttptest' ;;
        browser) needs chromium 'apt-get install chromium' ;;
    esac
done

cd "$(dirname "$0")/.."
cargo build --locked --release --quiet -p http-file-server
target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
scratch=$(mktemp -d)
server=''
cleanup() {
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

site=$scratch/site
mkdir -p "$site/folder/deeper"
cat >"$site/index.html" <<'EOF'
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><title>Trial</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<h1>Trial page ü 日本</h1>
<p><img id="image" src="image.svg" alt="a circle"> <a href="folder">a folder</a></p>
<pre id="report">the script did not run</pre>
<script src="script.js"></script>
</body>
</html>
EOF
{
    echo 'h1 { color: rgb(0, 114, 178); font-family: sans-serif; }'
    # REDbot requests a range of each file. The file must be longer than that range.
    for ((line = 0; line < 50; line++)); do echo "/* line $line of a longer file */"; done
} >"$site/style.css"
cat >"$site/image.svg" <<'EOF'
<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60"><circle cx="30" cy="30" r="28" fill="#d55e00"/></svg>
EOF
cat >"$site/script.js" <<'EOF'
window.addEventListener("load", async () => {
  const lines = [];
  const say = (what, value, expected) => lines.push(`${value === expected ? "ok" : "WRONG"} ${what}: ${value}`);
  say("style", getComputedStyle(document.querySelector("h1")).color, "rgb(0, 114, 178)");
  say("image", document.getElementById("image").naturalWidth, 60);
  say("text", document.querySelector("h1").textContent, "Trial page ü 日本");
  const folder = await fetch("folder");
  say("folder", folder.status, 200);
  say("folder's address", new URL(folder.url).pathname, "/folder/");
  const links = [...new DOMParser().parseFromString(await folder.text(), "text/html").links];
  const href = links.map((link) => link.getAttribute("href")).find((href) => /%/.test(href));
  const odd = await fetch(new URL(href, folder.url));
  say("odd name through the listing", (await odd.text()).trim(), "an odd name");
  say("missing", (await fetch("missing")).status, 404);
  const part = await fetch("script.js", { headers: { Range: "bytes=0-5" } });
  say("range", `${part.status} ${await part.text()}`, "206 window");
  document.getElementById("report").textContent = lines.join("\n");
});
EOF
echo 'an odd name' >"$site/folder/50% <b>ü & \"quoted\"#?.txt"
for ((line = 0; line < 50; line++)); do echo "line $line"; done >"$site/folder/plain.txt"
head -c 300000 /dev/urandom >"$site/folder/large.bin"

"$target/release/http-file-server" 127.0.0.1 0 --root "$site" >"$scratch/screen" &
server=$!
waited=0
until grep -q '^listening on ' "$scratch/screen"; do
    waited=$((waited + 1))
    [[ $waited -lt 200 ]] || die 'http-file-server did not start'
    sleep 0.05
done
url=http://$(sed -n 's/^listening on //p' "$scratch/screen")

try_redbot() {
    local path report
    for path in / /style.css /folder/ /folder /folder/large.bin /folder/plain.txt /missing; do
        report=$scratch/redbot
        # REDbot marks severity by colour only, and only on a terminal: red is an error, yellow a warning.
        timeout 60 script -qec "redbot -o text '$url$path'" /dev/null >"$report" || die "redbot failed: $(cat "$report")"
        printf '%-20s %s notes\n' "$path" "$(grep -cE '^ +\* .*\[[01];3' "$report")"
        ! grep -E $'\e\\[1;3[13]m' "$report" || die "redbot reports a problem with $path"
    done
}

try_slowhttptest() {
    local mode
    ulimit -n 4096 2>/dev/null || true
    for mode in '-H -i 2' '-B -i 2' '-X -w 10 -y 20 -n 2 -z 5'; do
        echo "slowhttptest $mode"
        # shellcheck disable=SC2086 # the mode is several words
        timeout 120 slowhttptest -c 400 -r 200 -l 25 -p 3 $mode -u "$url/folder/large.bin" 2>&1 |
            sed 's/\x1b\[[0-9;]*[A-Za-z]//g' >"$scratch/slow" || true
        grep -q 'service available' "$scratch/slow" || die "slowhttptest reported no result: $(cat "$scratch/slow")"
        ! grep -E 'service available: *NO' "$scratch/slow" || die "the service was not available under $mode"
        grep -E 'service available|Exit status' "$scratch/slow" | tail -n 2
    done
}

try_browser() {
    local page
    local chrome=(chromium --headless --disable-gpu --disable-quic --no-first-run --disable-background-networking
        --disable-component-update --disable-sync --hide-scrollbars "--window-size=800,500")
    [[ $(id -u) -ne 0 ]] || chrome+=(--no-sandbox)
    timeout 60 "${chrome[@]}" --user-data-dir="$scratch/profile" --virtual-time-budget=10000 --dump-dom "$url/" \
        >"$scratch/dom" 2>"$scratch/chromium" || die "chromium failed: $(tail -n 3 "$scratch/chromium")"
    sed -n '/<pre/,/<\/pre>/p' "$scratch/dom"
    [[ $(grep -oE '\bok [a-z]' "$scratch/dom" | wc -l) -eq 8 ]] || die 'the page reports fewer than 8 results'
    ! grep -q WRONG "$scratch/dom" || die 'the page reports a wrong result'
    [[ -z $screenshots ]] && return
    for page in '' folder/ missing; do
        timeout 60 "${chrome[@]}" --user-data-dir="$scratch/profile" --virtual-time-budget=10000 \
            --screenshot="$screenshots/$(basename "${page:-page}").png" "$url/$page" 2>"$scratch/chromium" >&2
    done
    ls "$screenshots"
}

for trial in "${trials[@]}"; do
    printf '\n-- %s\n' "$trial"
    "try_$trial"
done
kill -0 "$server" || die 'the server has ended'
printf '\nAll trials passed.\n'

#!/usr/bin/env bash
# Measures our servers against the ones that people would use instead.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: scripts/bench.sh http [--rounds N] [--seconds S] [--json FILE]

Measures the processor time that a server spends on a request, on loopback, ours and each peer's in turns. That time is
what a server can be compared by on a busy machine; requests per second say as much about the load generator. The
server runs on one core and the load on another, with 64 connections that stay open.

Installs nothing. Needs wrk, and takes the peers that it finds: nginx, lighttpd, busybox httpd, python3. On Debian:
    apt-get install wrk nginx-light lighttpd busybox python3

  --rounds N    measure everything N times, in turns (default 5)
  --seconds S   length of one measurement (default 3)
  --json FILE   write the measurements to FILE as well

Columns: µs CPU is the median over the rounds of processor time (user and system, all processes of the server) per
request, with the lowest and the highest; ours/peer is the ratio of the medians, below 1 where ours spends less;
RSS is the resident memory afterwards. Servers whose name ends in no-log write no access log, the others do; ours is
compared with each peer in the same state.
EOF
}

die() {
    echo "error: $1" >&2
    exit "${2-1}"
}

rounds=5 seconds=3 json='' what=''
while [[ $# -gt 0 ]]; do
    case $1 in
        -h | --help) usage && exit 0 ;;
        --rounds | --seconds)
            [[ ${2-} =~ ^[1-9][0-9]*$ ]] || die "\`$1 ${2-}\`: give a whole number above 0" 2
            printf -v "${1#--}" %s "$2" && shift
            ;;
        --json) [[ -n ${2-} ]] || die '--json needs a file' 2 && json=$2 && shift ;;
        http) what=$1 ;;
        *) die "\`$1\` is unknown; see --help" 2 ;;
    esac
    shift
done
[[ -n $what ]] || { usage >&2 && exit 2; }
command -v wrk >/dev/null || die 'wrk is missing: apt-get install wrk'
[[ -d /proc/self ]] || die 'the processor time of a server is read from /proc, which this system does not have'

cd "$(dirname "$0")/.."
cargo build --locked --release --quiet -p http-file-server
target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
scratch=$(mktemp -d)
chmod 755 "$scratch" # nginx's workers are another user
running=()
cleanup() {
    for process in ${running[@]+"${running[@]}"}; do
        kill "$process" 2>/dev/null || true
    done
    wait
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

if [[ $(nproc) -gt 1 ]]; then
    on_server_core=(taskset -c 0) on_load_core=(taskset -c 1)
else
    echo 'note: there is one core only, so server and load share it' >&2
    on_server_core=() on_load_core=()
fi

mkdir "$scratch/site"
sizes=(4KiB 100KiB 10MiB)
head -c 4096 /dev/urandom >"$scratch/site/4KiB"
head -c 102400 /dev/urandom >"$scratch/site/100KiB"
head -c 10485760 /dev/urandom >"$scratch/site/10MiB"

free_port() {
    local port
    for port in $(shuf -i 20000-29999 -n 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
    done
}

names=()
declare -A port_of process_of
# start NAME PORT COMMAND…: starts a server and waits until it accepts connections.
start() {
    local name=$1 port=$2 waited=0
    "${on_server_core[@]}" "${@:3}" >"$scratch/$name.out" 2>"$scratch/$name.err" &
    running+=($!)
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        waited=$((waited + 1))
        [[ $waited -lt 100 ]] || die "$name did not start: $(cat "$scratch/$name.err")"
        sleep 0.05
    done
    names+=("$name") port_of[$name]=$port process_of[$name]=${running[${#running[@]} - 1]}
}

nginx_conf() { # PORT LOG
    local user=''
    [[ $(id -u) -ne 0 ]] || user='user www-data;'
    cat <<EOF
$user
worker_processes auto;
daemon off;
pid $scratch/nginx-$1.pid;
error_log $scratch/nginx-$1.log;
events { worker_connections 768; }
http {
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    default_type application/octet-stream;
    access_log $2;
    gzip on;
    client_body_temp_path $scratch; proxy_temp_path $scratch; fastcgi_temp_path $scratch;
    uwsgi_temp_path $scratch; scgi_temp_path $scratch;
    server { listen 127.0.0.1:$1; root $scratch/site; }
}
EOF
}

ours=$target/release/http-file-server
port=$(free_port) && start ours "$port" "$ours" 127.0.0.1 "$port" --root "$scratch/site"
port=$(free_port) && start ours,no-log "$port" "$ours" 127.0.0.1 "$port" --root "$scratch/site" --quiet
nginx=$(PATH=$PATH:/usr/sbin command -v nginx || true)
if [[ -n $nginx ]]; then # Debian's defaults, which log every access, and the same without
    port=$(free_port) && nginx_conf "$port" "$scratch/access.log" >"$scratch/nginx.conf"
    start nginx "$port" "$nginx" -c "$scratch/nginx.conf"
    port=$(free_port) && nginx_conf "$port" off >"$scratch/nginx-no-log.conf"
    start nginx,no-log "$port" "$nginx" -c "$scratch/nginx-no-log.conf"
fi
lighttpd=$(PATH=$PATH:/usr/sbin command -v lighttpd || true)
if [[ -n $lighttpd ]]; then # Debian's defaults, which log no access
    port=$(free_port)
    cat >"$scratch/lighttpd.conf" <<EOF
server.modules = ("mod_indexfile", "mod_access", "mod_alias", "mod_redirect", "mod_staticfile")
server.document-root = "$scratch/site"
server.bind = "127.0.0.1"
server.port = $port
server.errorlog = "$scratch/lighttpd.log"
EOF
    start lighttpd,no-log "$port" "$lighttpd" -D -f "$scratch/lighttpd.conf"
fi
if busybox --list 2>/dev/null | grep -qx httpd; then
    port=$(free_port) && start busybox,no-log "$port" busybox httpd -f -p "127.0.0.1:$port" -h "$scratch/site"
fi
if command -v python3 >/dev/null; then
    port=$(free_port)
    start python3 "$port" python3 -m http.server --bind 127.0.0.1 --directory "$scratch/site" "$port"
fi
[[ ${#names[@]} -gt 2 ]] || echo 'note: no peer is installed; see --help' >&2

# tree PROCESS: it and all that it started.
tree() {
    echo "$1"
    local children child
    read -ra children <<<"$(cat "/proc/$1"/task/*/children 2>/dev/null)"
    for child in ${children[@]+"${children[@]}"}; do tree "$child"; done
}

# ticks PROCESS: processor time of a server, its ended children included, in clock ticks.
ticks() {
    local process
    for process in $(tree "$1"); do
        # The name in brackets may hold anything; after it utime, stime, cutime and cstime are fields 12 to 15.
        sed 's/.*) //' "/proc/$process/stat" 2>/dev/null || true
    done | awk '{ sum += $12 + $13 + $14 + $15 } END { print sum + 0 }'
}

resident_kib() {
    local process
    for process in $(tree "$1"); do cat "/proc/$process/status" 2>/dev/null || true; done |
        awk '/^VmRSS/ { sum += $2 } END { print sum + 0 }'
}

hertz=$(getconf CLK_TCK)
echo "$(uname -srm), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(date -u +%F)"
echo "$rounds rounds of $seconds s, 64 keep-alive connections"
for size in "${sizes[@]}"; do
    for ((round = 1; round <= rounds; round++)); do
        for name in "${names[@]}"; do
            process=${process_of[$name]}
            before=$(ticks "$process")
            "${on_load_core[@]}" wrk -t1 -c64 -d"${seconds}s" --timeout 10s \
                "http://127.0.0.1:${port_of[$name]}/$size" >"$scratch/wrk" || die "wrk failed against $name"
            used=$(($(ticks "$process") - before))
            requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$scratch/wrk")
            if grep -q 'Non-2xx' "$scratch/wrk" || [[ ${requests:-0} -eq 0 ]]; then
                die "$name gave wrong answers: $(cat "$scratch/wrk")"
            fi
            errors=$(sed -n 's/.*Socket errors: //p' "$scratch/wrk")
            rate=$(sed -n 's/^Requests\/sec: *//p' "$scratch/wrk")
            micros=$(awk -v t="$used" -v h="$hertz" -v r="$requests" 'BEGIN { printf "%.2f", t / h * 1e6 / r }')
            # It makes a process for each connection and never asks for its times, so the system forgets them.
            [[ $name != busybox* ]] || micros=0
            echo "$size $name $micros $rate $(resident_kib "$process") ${errors:--}" >>"$scratch/measured"
        done
    done
    printf '\n%-16s %9s %19s %10s %10s %9s\n' "$size" 'µs CPU' 'lowest–highest' 'ours/peer' 'req/s' 'RSS KiB'
    # Ours with a log is compared with peers that log, ours without with those that do not.
    awk -v size="$size" -v order="${names[*]}" '
        function median(list, n,   sorted) {
            split(list, sorted, " ")
            asort_numbers(sorted, n)
            return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
        }
        function asort_numbers(a, n,   i, j, t) {
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
        }
        $1 == size {
            n[$2]++; cpu[$2] = cpu[$2] " " $3; rate[$2] = rate[$2] " " $4; rss[$2] = $5
            if (!($2 in low) || $3 + 0 < low[$2]) low[$2] = $3 + 0
            if ($3 + 0 > high[$2]) high[$2] = $3 + 0
            if ($6 != "-") failed[$2] = " socket errors"
        }
        END {
            count = split(order, name, " ")
            for (i = 1; i <= count; i++) {
                p = name[i]; ours = p ~ /no-log/ ? "ours,no-log" : "ours"
                m = median(cpu[p], n[p])
                if (m == 0) {
                    printf "%-16s %9s %19s %10s %10.0f %9d%s\n", p, "unknown", "", "", median(rate[p], n[p]), rss[p], failed[p]
                    continue
                }
                ratio = p == ours ? "" : sprintf("%.2f", median(cpu[ours], n[ours]) / m)
                printf "%-16s %9.2f %9.2f–%9.2f %10s %10.0f %9d%s\n", p, m, low[p], high[p], ratio, median(rate[p], n[p]), rss[p], failed[p]
            }
        }' "$scratch/measured"
done

if [[ -n $json ]]; then
    awk 'BEGIN { print "{\"version\": 1, \"measurements\": [" }
        { printf "%s  {\"file\": \"%s\", \"server\": \"%s\", \"cpu_us_per_request\": %s, \"requests_per_s\": %s, \"resident_kib\": %s}", sep, $1, $2, $3, $4, $5; sep = ",\n" }
        END { print "\n]}" }' "$scratch/measured" >"$json"
fi

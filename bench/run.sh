#!/bin/bash
# Measures a Kengred server as bench/RESULTS.md shows it, on this machine:
#
#   bench/run.sh [--quick | --full] [--runs N] [--seconds N] [--out FILE.json] [--dir DIR]
#                [--ledgers DIR] [--no-install] [SECTION...]
#
#   --quick        one short run of each row, to try the script; its figures say little
#   --full         also 10^7 accounts, which take half an hour to open
#   --runs N       how often each row is measured, in turn with the others of its section (default: 3)
#   --seconds N    how long each run is measured, where its section does not say (default: 10)
#   --out FILE     keep all runs and conditions there, as JSON (default: build/bench/runs.json)
#   --dir DIR      where ledgers and databases are made, on the disk to be measured: not in memory
#                  (default: $TMPDIR or /var/tmp)
#   --ledgers DIR  keep those of many accounts there, and take them from there the next time
#   --no-install   install no packages
#
# Sections (default: all but micro):
#   single     single calls, 1 to 512 outstanding        cache      1 million accounts, read from disk
#   lone       one payment at a time                     tls        with TLS and without
#   streams    1, 64 and 256 transactions a message      mixed      nine reads for each payment
#   rewards    1 to 1000 in one signed transaction       overload   ten times what it can take
#   hot        everybody pays one shop                   writes     bytes written, in a long run
#   accounts   a thousand to a million accounts          postgres   the same transfer in PostgreSQL 15
#   micro      single stages, by Google Benchmark
#
# It installs what is missing, builds the release, and serves made-up ledgers on this machine's loopback
# address; all it has started ends with it. Where KENGRED_BIN_DIR names a folder with the programs,
# nothing is built. Leave the machine alone meanwhile: what others use of it stands in each row.
#
# Exit status: 0 all was measured and every check of the books was good, 1 something failed, 2 wrong usage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all=(single lone streams rewards hot accounts cache tls mixed overload writes postgres)
speed=normal
runs=
seconds=10
out=build/bench/runs.json
base="${TMPDIR:-/var/tmp}"
ledgers=
install=1
sections=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --quick | --full) speed="${1#--}" ;;
    --no-install) install=0 ;;
    --runs | --seconds | --out | --dir | --ledgers)
      [[ $# -ge 2 ]] || { echo "bench/run.sh: $1 needs a value" >&2; exit 2; }
      case "$1" in
        --runs) runs="$2" ;;
        --seconds) seconds="$2" ;;
        --out) out="$2" ;;
        --dir) base="$2" ;;
        --ledgers) ledgers="$2" ;;
      esac
      shift
      ;;
    -h | --help)
      sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' bench/run.sh
      exit 0
      ;;
    *)
      [[ " ${all[*]} micro " == *" $1 "* ]] || {
        echo "bench/run.sh: no section $1; there are: ${all[*]} micro" >&2
        exit 2
      }
      sections+=("$1")
      ;;
  esac
  shift
done
[[ ${#sections[@]} -gt 0 ]] || sections=("${all[@]}")
duration="$seconds" warm_up=2 overload_seconds=60 writes_seconds=180
if [[ $speed == quick ]]; then
  duration=2 warm_up=1 overload_seconds=10 writes_seconds=10
  runs="${runs:-1}"
fi
runs="${runs:-3}"
[[ $runs =~ ^[1-9][0-9]?$ ]] || { echo "bench/run.sh: --runs takes a number from 1 to 99" >&2; exit 2; }

[[ $seconds =~ ^[1-9][0-9]{0,3}$ ]] ||
  { echo "bench/run.sh: --seconds takes a number from 1 to 9999" >&2; exit 2; }

fail() {
  echo "bench/run.sh: $*" >&2
  exit 1
}
say() {
  echo "$(date +%H:%M:%S) $*" >&2
}

# ---- programs ----

[[ $install -eq 0 ]] || deploy/install-packages.sh build run bench
if [[ -n ${KENGRED_BIN_DIR:-} ]]; then
  programs="$(cd "$KENGRED_BIN_DIR" && pwd)"
else
  targets=(kengred_server_bin kengred_bench)
  [[ " ${sections[*]} " != *" postgres "* ]] || targets+=(kengred_pg_transfer)
  cmake/build-quietly.sh release "${targets[@]}" >&2
  programs="$PWD/build/release/bin"
fi

# ---- a folder on disk, and all that is running ----

mkdir -p "$base" "$(dirname "$out")"
case "$(stat -f -c %T "$base")" in
  tmpfs | ramfs) fail "$base is in memory; name a folder on a disk with --dir" ;;
esac
scratch="$(mktemp -d "$base/kengred-bench.XXXXXX")"
# PostgreSQL runs as another user where root calls this.
chmod 711 "$scratch"
records="$scratch/runs.jsonl"
server=     # the process of kengred-server
database=   # that of with-postgres.sh
stop() {
  local pid="$1"
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}
# shellcheck disable=SC2317  # called by the trap
clean_up() {
  trap - EXIT
  [[ -z $server ]] || stop "$server"
  [[ -z $database ]] || stop "$database"
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

tables() {
  python3 -B bench/tables.py "$@"
}

# make_ledger NAME: a new ledger, in $scratch/NAME.
make_ledger() {
  rm -rf "${scratch:?}/$1"
  mkdir "$scratch/$1"
  "$programs/kengred-bench" charter >"$scratch/$1/charter.toml"
  "$programs/kengred-server" init --charter "$scratch/$1/charter.toml" --data "$scratch/$1/data" \
    >"$scratch/$1/init.log" 2>&1 || { cat "$scratch/$1/init.log" >&2; fail "no ledger could be made"; }
}

rss_mib() {
  awk '/^VmRSS:/ { printf "%.1f", $2 / 1024 }' "/proc/$server/status"
}

# start_server NAME [FLAG...]: sets server, target, started (figures for tables.py).
start_server() {
  local folder="$scratch/$1" from
  shift
  rm -f "$folder/port"
  from="$EPOCHREALTIME"
  "$programs/kengred-server" serve --data "$folder/data" --listen 127.0.0.1:0 --http-listen off \
    --port-file "$folder/port" --log-level warning "$@" >"$folder/server.log" 2>&1 </dev/null &
  server=$!
  until [[ -s $folder/port ]]; do
    kill -0 "$server" 2>/dev/null || { server=; cat "$folder/server.log" >&2; fail "the server ended"; }
    sleep 0.005
  done
  started=("start_seconds=$(awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { print to - from }')"
    "memory_start_mib=$(rss_mib)")
  target="127.0.0.1:$(head -n 1 "$folder/port")"
}

stop_server() {
  stop "$server"
  server=
}

checks_failed=0

# load NAME SECTION ROW RUN MORE... -- ARG...: one measured run of kengred-bench load on the running
# server of ledger NAME. MORE are figures for tables.py, ARG what is asked of the driver.
load() {
  local folder="$scratch/$1" section="$2" row="$3" run="$4" more=() status=0 kept
  shift 4
  while [[ $1 != -- ]]; do
    more+=("$1")
    shift
  done
  shift
  say "$section: $row (run $run of $runs)"
  kept="$(du -sb "$folder/data" | cut -f1)"
  "$programs/kengred-bench" load --target "$target" --server-pid "$server" --data "$folder/data" \
    --duration "$duration" --warm-up "$warm_up" --json "$@" \
    >"$scratch/report.json" 2>"$scratch/load.log" || status=$?
  # 1: the check of the books failed; the report says so.
  [[ $status -le 1 && -s $scratch/report.json ]] ||
    { cat "$scratch/load.log" >&2; fail "$section: $row: the driver ended with $status"; }
  [[ $status -eq 0 ]] || checks_failed=1
  more+=("kept_bytes=$(($(du -sb "$folder/data" | cut -f1) - kept))")
  tables add "$records" "$section" "$row" "$run" "$scratch/report.json" "${more[@]}"
}

# fresh SECTION ROW RUN ARG...: the same, on a ledger and a server of its own.
fresh() {
  local section="$1" row="$2" run="$3"
  shift 3
  make_ledger ledger
  start_server ledger
  load ledger "$section" "$row" "$run" -- "$@"
  stop_server
}

each_run() {
  seq 1 "$runs"
}

single=(--calls unary --connections 4 --outstanding 512)
stream=(--calls stream --message 64 --outstanding 2048)

# ---- sections ----

section_single() {
  local run outstanding
  for run in $(each_run); do
    for outstanding in 1 32 64 512; do
      fresh single "$outstanding outstanding" "$run" --calls unary \
        --connections $((outstanding < 4 ? 1 : 4)) --outstanding "$outstanding"
    done
  done
  tables claim "$records" single "512 outstanding: of twice the bare rate" '>=' 0.36 \
    accepted_to_bare "512 outstanding"
}

section_lone() {
  local run
  for run in $(each_run); do
    fresh lone "one at a time" "$run" --calls unary --connections 1 --outstanding 1
  done
  tables claim "$records" lone "p50 in fdatasyncs of the same disk" '<=' 5 \
    latency_p50_us "one at a time" fdatasync_p50_us "one at a time"
}

section_streams() {
  local run message
  for run in $(each_run); do
    for message in 1 64 256; do
      fresh streams "$message a message" "$run" --calls stream --message "$message" --outstanding 2048
    done
  done
  for message in 64 256; do
    tables claim "$records" streams "$message a message: of twice the bare rate" '>=' 0.80 \
      accepted_to_bare "$message a message"
    tables claim "$records" streams "$message a message: of what all cores verify at once" '>=' 0.80 \
      accepted_to_all_cores "$message a message"
    tables claim "$records" streams "$message a message: server CPU in bare verifications" '<=' 1.2 \
      server_cpu_to_bare "$message a message"
    tables claim "$records" streams "$message a message: server CPU in verifications of all cores at once" '<=' 1.2 \
      server_cpu_to_all_cores "$message a message"
  done
}

section_rewards() {
  local run size
  for run in $(each_run); do
    for size in 1 10 100 1000; do
      fresh rewards "$size a transaction" "$run" --calls stream --mix rewards=1 \
        --rewards-per-transaction "$size" --message $((size > 10 ? 4 : 64)) \
        --outstanding $((size > 100 ? 32 : 512))
    done
  done
  tables claim "$records" rewards "100 a transaction: rewards to the bare rate" '>=' 5 \
    rewards_to_bare "100 a transaction"
}

section_hot() {
  local run payees
  for run in $(each_run); do
    for payees in uniform one; do
      fresh hot "single calls, payees $payees" "$run" "${single[@]}" --payees "$payees"
      fresh hot "streams, payees $payees" "$run" "${stream[@]}" --payees "$payees"
    done
  done
  local calls
  for calls in "single calls" streams; do
    tables claim "$records" hot "$calls: one shop to uniform" '>=' 0.95 \
      accepted_per_second "$calls, payees one" accepted_per_second "$calls, payees uniform"
  done
}

# open_accounts COUNT: a ledger with so many accounts, made once; its name is accounts-COUNT.
open_accounts() {
  local name="accounts-$1" since=$SECONDS
  [[ ! -e $scratch/$name ]] || return 0
  if [[ -n $ledgers && -d $ledgers/$name ]]; then
    ln -s "$(cd "$ledgers/$name" && pwd)" "$scratch/$name"
    return 0
  fi
  say "opening $1 accounts"
  make_ledger "$name"
  start_server "$name"
  "$programs/kengred-bench" load --target "$target" --accounts "$1" --setup-only >/dev/null ||
    fail "the accounts could not be opened"
  stop_server
  say "opened $1 accounts in $((SECONDS - since)) s"
  [[ -z $ledgers ]] || {
    mkdir -p "$ledgers"
    mv "$scratch/$name" "$ledgers/$name"
    ln -s "$(cd "$ledgers/$name" && pwd)" "$scratch/$name"
  }
}

# Puts the files of a ledger into the page cache; how much a start finds there is not the question.
remember() {
  find "$scratch/$1/data" -type f -exec cat {} + >/dev/null
}

section_accounts() {
  local counts=(1000 10000 100000 1000000) count run
  [[ $speed != quick ]] || counts=(1000 10000)
  [[ $speed != full ]] || counts+=(10000000)
  for count in "${counts[@]}"; do
    open_accounts "$count"
  done
  for run in $(each_run); do
    for count in "${counts[@]}"; do
      remember "accounts-$count"
      start_server "accounts-$count"
      load "accounts-$count" accounts "$count" "$run" "${started[@]}" -- "${stream[@]}" --accounts "$count"
      stop_server
    done
  done
  local most="${counts[-1]}"
  tables claim "$records" accounts "$most accounts: rate to that of 1000" '>=' 0.85 \
    accepted_per_second "$most" accepted_per_second 1000
  tables claim "$records" accounts "$most accounts: seconds to start" '<=' 1 start_seconds "$most"
  # What server/storage/rocksdb_options.h counts together, the state cache, and all else.
  tables claim "$records" accounts "$most accounts: MiB in memory at most" '<=' 640 memory_peak_mib "$most"
}

# Takes the files of a ledger out of the page cache; they have been synced, and nobody has them open.
forget() {
  sync
  find "$scratch/$1/data" -type f -print0 |
    while IFS= read -r -d '' file; do
      dd if="$file" iflag=nocache count=0 status=none
    done
}

section_cache() {
  local count=1000000 run
  [[ $speed != quick ]] || count=10000
  open_accounts "$count"
  for run in $(each_run); do
    forget "accounts-$count"
    start_server "accounts-$count"
    # The first seconds are what is asked about.
    warm_up=0 load "accounts-$count" cache "cold, $count accounts" "$run" "${started[@]}" -- \
      "${stream[@]}" --accounts "$count"
    load "accounts-$count" cache "warm, $count accounts" "$run" -- "${stream[@]}" --accounts "$count"
    stop_server
  done
}

section_tls() {
  local run certificate="$scratch/certificate.pem" key="$scratch/key.pem"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$key" -out "$certificate" 2>"$scratch/openssl.log" ||
    { cat "$scratch/openssl.log" >&2; fail "openssl made no certificate"; }
  for run in $(each_run); do
    fresh tls "single calls, clear" "$run" "${single[@]}"
    fresh tls "streams, clear" "$run" "${stream[@]}"
    make_ledger ledger
    start_server ledger --tls-certificate "$certificate" --tls-key "$key"
    load ledger tls "single calls, TLS" "$run" -- "${single[@]}" --tls-ca "$certificate"
    load ledger tls "streams, TLS" "$run" -- "${stream[@]}" --tls-ca "$certificate"
    stop_server
  done
}

section_mixed() {
  local run
  for run in $(each_run); do
    fresh mixed "64 outstanding, 90 % reads" "$run" --calls unary --connections 4 --outstanding 64 \
      --mix payments=10,reads=90
  done
}

section_overload() {
  local run capacity calm=("${stream[@]}")
  for run in $(each_run); do
    make_ledger ledger
    start_server ledger
    load ledger overload "closed loop before" "$run" -- "${calm[@]}"
    capacity="$(tables median "$records" overload "closed loop before" accepted_per_second)"
    duration="$overload_seconds" load ledger overload "10 times that, open loop" "$run" -- \
      --calls stream --message 64 --rate $((capacity * 10))
    load ledger overload "closed loop after" "$run" -- "${calm[@]}"
    stop_server
  done
  tables claim "$records" overload "accepted under it, to before" '>=' 0.8 \
    accepted_per_second "10 times that, open loop" accepted_per_second "closed loop before"
  tables claim "$records" overload "accepted after it, to before" '>=' 0.95 \
    accepted_per_second "closed loop after" accepted_per_second "closed loop before"
}

section_writes() {
  local run
  for run in $(each_run); do
    make_ledger ledger
    start_server ledger
    duration="$writes_seconds" warm_up=0 load ledger writes "streams, $writes_seconds s" "$run" -- \
      "${stream[@]}" --accounts 100000
    stop_server
  done
}

section_postgres() {
  local run clients batch found="$scratch/postgres.env"
  # It waits in the background while Kengred is measured, and uses nothing.
  rm -rf "$scratch/postgres" "$found"
  bench/postgres/with-postgres.sh --data "$scratch/postgres" sh -c "
    env | grep -E '^(PG|KENGRED_POSTGRES_)' >'$found.new' && mv '$found.new' '$found' && exec sleep infinity" \
    2>"$scratch/postgres.log" &
  database=$!
  until [[ -s $found ]]; do
    kill -0 "$database" 2>/dev/null || { database=; cat "$scratch/postgres.log" >&2; fail "no PostgreSQL"; }
    sleep 0.1
  done
  for run in $(each_run); do
    fresh postgres "Kengred, single calls" "$run" "${single[@]}"
    for clients in 1 8 32 64; do
      transfer "PostgreSQL, $clients clients" "$run" --clients "$clients"
    done
    fresh postgres "Kengred, single calls, one shop" "$run" "${single[@]}" --payees one
    for clients in 1 8 32; do
      transfer "PostgreSQL, $clients clients, one shop" "$run" --clients "$clients" --payees one
    done
    transfer "PostgreSQL, 32 clients, signatures verified" "$run" --clients 32 --verify
    transfer "PostgreSQL, 32 clients, one shop, signatures verified" "$run" --clients 32 --payees one --verify
    fresh postgres "Kengred, streams of 64" "$run" "${stream[@]}"
    fresh postgres "Kengred, streams of 256" "$run" --calls stream --message 256 --outstanding 2048
    for batch in 100 1000; do
      for clients in 1 2 4; do
        transfer "PostgreSQL, batches of $batch, $clients clients" "$run" --clients "$clients" --batch "$batch"
      done
      transfer "PostgreSQL, batches of $batch, 4 clients, signatures verified" "$run" --clients 4 \
        --batch "$batch" --verify
    done
  done
  stop "$database"
  database=
  local rate=accepted_per_second
  tables claim "$records" postgres "single calls to PostgreSQL's best single-row rate" '>=' 1.3 \
    $rate "Kengred, single calls" $rate "PostgreSQL, 1 clients" $rate "PostgreSQL, 8 clients" \
    $rate "PostgreSQL, 32 clients" $rate "PostgreSQL, 64 clients"
  tables claim "$records" postgres "one shop: single calls to PostgreSQL's best" '>=' 5 \
    $rate "Kengred, single calls, one shop" $rate "PostgreSQL, 1 clients, one shop" \
    $rate "PostgreSQL, 8 clients, one shop" $rate "PostgreSQL, 32 clients, one shop"
  for batch in 100 1000; do
    tables claim "$records" postgres "streams of $((batch == 100 ? 64 : 256)) to batches of $batch" '>=' 0.8 \
      $rate "Kengred, streams of $((batch == 100 ? 64 : 256))" \
      $rate "PostgreSQL, batches of $batch, 1 clients" $rate "PostgreSQL, batches of $batch, 2 clients" \
      $rate "PostgreSQL, batches of $batch, 4 clients"
    tables claim "$records" postgres "streams of $((batch == 100 ? 64 : 256)) to batches of $batch, signatures verified" '>=' 1 \
      $rate "Kengred, streams of $((batch == 100 ? 64 : 256))" \
      $rate "PostgreSQL, batches of $batch, 4 clients, signatures verified"
  done
  tables claim "$records" postgres "single calls, signatures verified" '>=' 1 \
    $rate "Kengred, single calls" $rate "PostgreSQL, 32 clients, signatures verified"
}

# transfer ROW RUN ARG...: one measured run of pg_transfer.
transfer() {
  local row="$1" run="$2" status=0
  shift 2
  say "postgres: $row (run $run of $runs)"
  (
    set -a
    # shellcheck disable=SC1091  # written above
    . "$scratch/postgres.env"
    exec "$programs/pg_transfer" --duration "$duration" --warm-up "$warm_up" --data "$scratch" --json "$@"
  ) >"$scratch/report.json" 2>"$scratch/load.log" || status=$?
  [[ $status -le 1 && -s $scratch/report.json ]] ||
    { cat "$scratch/load.log" >&2; fail "postgres: $row: pg_transfer ended with $status"; }
  [[ $status -eq 0 ]] || checks_failed=1
  tables add "$records" postgres "$row" "$run" "$scratch/report.json"
}

# Its program belongs to the tests, so it has a build folder of its own, optimised.
section_micro() {
  [[ $install -eq 0 ]] || deploy/install-packages.sh test
  local build=build/micro log=build/logs/micro.log
  mkdir -p build/logs
  { cmake --preset release -B "$build" -D KENGRED_BUILD_TESTS=ON &&
    cmake --build "$build" --target kengred_microbench; } >"$log" 2>&1 ||
    { tail -40 "$log" >&2; fail "building kengred-microbench failed; the whole log is $log"; }
  "$build/bin/kengred-microbench" --benchmark_min_time="$([[ $speed == quick ]] && echo 0.01 || echo 0.5)"
}

# ---- all of it ----

tables machine "$records" "date=$(date -u +%Y-%m-%dT%H:%MZ)" \
  "version=$(git describe --always --dirty 2>/dev/null || echo unknown)" \
  "processor=$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores" \
  "memory=$(awk '/^MemTotal:/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)" \
  "system=$(uname -sr), $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)" \
  "disk=$(df --output=fstype,source "$base" | tail -n 1 | xargs)" \
  "each row=$runs runs of $duration s after $warm_up s"
tables print "$records"
for section in "${sections[@]}"; do
  start=$SECONDS
  "section_$section"
  say "section $section took $((SECONDS - start)) s"
  [[ $section == micro ]] || tables print "$records" "$section"
  tables save "$records" "$out"
done
say "all runs are in $out"
[[ $checks_failed -eq 0 ]] || fail "a check of the books failed; the tables say where"

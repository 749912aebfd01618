#!/bin/bash
# Runs a command beside a PostgreSQL 15 of its own, and stops it again whatever happens:
#
#   bench/postgres/with-postgres.sh [--data DIR] [--set NAME=VALUE]... COMMAND [ARG...]
#
#   --data DIR         an empty or new folder for its files, on the disk to be measured; kept afterwards
#                      (default: a temporary folder below $TMPDIR or /var/tmp, removed afterwards)
#   --set NAME=VALUE   one more setting, after those below
#
# The command finds PGHOST, PGPORT, PGUSER and PGDATABASE in its environment, as every client of
# PostgreSQL reads them, and the process of the server in KENGRED_POSTGRES_PID and its folder in
# KENGRED_POSTGRES_DATA. The server listens on a Unix socket in its own folder and nowhere else, and
# runs as whoever calls this, or as `nobody` when root does, since PostgreSQL does not run as root.
#
# Exit status: that of the command; 1 when PostgreSQL does not start, 2 wrong usage.
set -euo pipefail

# Durable as by default (fsync, synchronous_commit, full_page_writes), and else what suits two cores
# with 4 GB and more: memory for all that is measured, checkpoints so far apart that they do not fall
# into a run, nothing for queries that nobody makes here.
settings=(
  fsync=on
  synchronous_commit=on
  full_page_writes=on
  shared_buffers=1GB
  wal_buffers=64MB
  max_wal_size=16GB
  min_wal_size=2GB
  checkpoint_timeout=30min
  wal_compression=lz4
  max_wal_senders=0
  wal_level=minimal
  max_connections=100
  work_mem=32MB
  maintenance_work_mem=512MB
  effective_cache_size=4GB
  effective_io_concurrency=200
  random_page_cost=1.1
  jit=off
  timezone=UTC
)

usage() {
  sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"
}

data=
keep=0
while [[ $# -gt 0 ]]; do
  case "$1" in
    --data | --set)
      [[ $# -ge 2 ]] || { echo "with-postgres: $1 needs a value" >&2; exit 2; }
      if [[ $1 == --data ]]; then
        data="$2"
        keep=1
      else
        settings+=("$2")
      fi
      shift 2
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) break ;;
  esac
done
[[ $# -gt 0 ]] || { usage >&2; exit 2; }

fail() {
  echo "with-postgres: $*" >&2
  exit 1
}

programs="${KENGRED_POSTGRES_BIN:-/usr/lib/postgresql/15/bin}"
[[ -x $programs/postgres ]] ||
  fail "there is no PostgreSQL 15 in $programs. Install it with deploy/install-packages.sh bench."

[[ -n $data ]] || data="$(mktemp -d "${TMPDIR:-/var/tmp}/kengred-postgres.XXXXXX")"
mkdir -p "$data"
data="$(cd "$data" && pwd -P)"
[[ -z "$(ls -A "$data")" ]] || fail "$data holds something. Choose an empty folder with --data."

as_owner=()
if [[ "$(id -u)" -eq 0 ]]; then
  chown nobody "$data"
  as_owner=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
export PGHOST="$data/socket" PGPORT=5432 PGUSER=bench PGDATABASE=postgres
unset PGOPTIONS PGSERVICE PGPASSFILE

postmaster=
child=
# shellcheck disable=SC2317  # called by the trap
clean_up() {
  trap - EXIT
  # What was started last is stopped first.
  if [[ -n $child ]] && kill -0 "$child" 2>/dev/null; then
    kill "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  if [[ -n $postmaster ]]; then
    # Fast shutdown: open transactions are rolled back, and it ends; at once, if that takes too long.
    kill -INT "$postmaster" 2>/dev/null || true
    for _ in {1..600}; do
      kill -0 "$postmaster" 2>/dev/null || break
      sleep 0.1
    done
    kill -QUIT "$postmaster" 2>/dev/null || true
    wait "$postmaster" 2>/dev/null || true
  fi
  [[ $keep -eq 1 ]] || rm -rf "$data"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

(
  cd "$data"
  "${as_owner[@]}" mkdir -m 700 socket
  "${as_owner[@]}" env LC_ALL=C.UTF-8 "$programs/initdb" --pgdata=store --username=bench --auth=trust \
    --encoding=UTF8 --no-locale --no-sync --no-instructions >initdb.log 2>&1
) || { cat "$data/initdb.log" >&2; fail "initdb failed"; }
{
  printf "%s\n" "${settings[@]}"
  printf "listen_addresses=''\nunix_socket_directories='%s'\n" "$PGHOST"
} >>"$data/store/postgresql.conf"

# In a process group of its own, so that Ctrl-C reaches it through clean_up only, after its clients.
set -m
(cd "$data" && exec "${as_owner[@]}" "$programs/postgres" -D store >postgres.log 2>&1 </dev/null) &
postmaster=$!
set +m
for _ in {1..300}; do
  kill -0 "$postmaster" 2>/dev/null || { cat "$data/postgres.log" >&2; fail "it ended by itself"; }
  "$programs/pg_isready" --quiet && break
  sleep 0.1
done
"$programs/pg_isready" --quiet || { cat "$data/postgres.log" >&2; fail "it does not get ready"; }

export KENGRED_POSTGRES_PID="$postmaster" KENGRED_POSTGRES_DATA="$data"
"$@" &
child=$!
# A signal interrupts this wait; the trap then stops the command.
status=0
wait "$child" || status=$?
child=
exit "$status"

#!/bin/bash
# Configures and builds one CMake preset, showing only how far it is. What the compiler said is in
# build/logs/<preset>.log, and on the terminal when it failed.
#
#   cmake/build-quietly.sh PRESET [TARGET...]      (default: every target)
#
# As many compilers run at once as there are cores and memory for (KENGRED_JOBS overrides).
set -euo pipefail

[[ $# -ge 1 ]] || { echo "usage: cmake/build-quietly.sh PRESET [TARGET...]" >&2; exit 2; }
preset="$1"
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p build/logs
log="build/logs/$preset.log"

# One compiler of files that include gRPC and protobuf takes up to 1.5 GB.
jobs="${KENGRED_JOBS:-$(awk -v cores="$(nproc)" '
  /^MemAvailable:/ { fit = int($2 / 1500000); print fit < 1 ? 1 : (fit < cores ? fit : cores) }' \
  /proc/meminfo)}"

if ! cmake --preset "$preset" >"$log" 2>&1 </dev/null; then
  grep -v '^-- ' "$log" | tail -40 >&2
  echo "Configuring $preset failed; the whole log is $log" >&2
  exit 1
fi

targets=()
[[ $# -eq 0 ]] || targets=(--target "$@")
live=0
[[ ! -t 1 ]] || live=1
# shellcheck disable=SC2016  # awk's own $0
progress='
  match($0, /^\[ *[0-9]+%\]/) {
    percent = substr($0, 2, RLENGTH - 3) + 0
    if (live) { printf "\rBuilding %s: %d %%", preset, percent; fflush() }
    else if (percent >= shown + 20 && percent < 100) {
      shown = percent - percent % 20
      printf "Building %s: %d %%\n", preset, shown
      fflush()
    }
  }
  END { if (live) printf "\r\033[K" }'
if ! NINJA_STATUS='[%p] ' cmake --build --preset "$preset" -j "$jobs" "${targets[@]}" 2>&1 \
  </dev/null | tee -a "$log" | awk -v live="$live" -v preset="$preset" "$progress"; then
  sed -n '/^FAILED: /,$p' "$log" | head -60 >&2
  echo "Building $preset failed; the whole log is $log" >&2
  exit 1
fi
echo "Built $preset."

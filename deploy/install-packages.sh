#!/bin/bash
# Installs the Debian packages of deploy/packages.txt that are missing. Running it again does nothing.
#
#   deploy/install-packages.sh [build] [run] [test] [lint] [bench]    (default: all sections)
#
# Exit status: 0 all are there, 1 something could not be installed, 2 wrong usage.
set -euo pipefail

list="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/packages.txt"

fail() {
  echo "install-packages: $*" >&2
  exit 1
}

for section in "$@"; do
  if ! grep -qx "\[$section\]" "$list"; then
    echo "install-packages: no section [$section] in $list" >&2
    exit 2
  fi
done

# The names in the sections asked for.
wanted="$(awk -v sections=" $* " '
  { sub(/#.*/, "") }
  /^\[.*\]/ { name = $1; gsub(/[][]/, "", name); on = (sections ~ /^ *$/ || index(sections, " " name " ")); next }
  NF && on { print $1 }' "$list" | sort -u)"

command -v dpkg-query >/dev/null ||
  fail "this is not Debian. Install the equivalents of $list with your system's package manager."

# What is installed, under its own name and under the names it stands in for.
installed="$(dpkg-query -W -f='${db:Status-Status}\t${Package}, ${Provides}\n' |
  awk -F'\t' '$1 == "installed" { n = split($2, names, /, */); for (i = 1; i <= n; i++) { split(names[i], word, " "); if (word[1]) print word[1] } }' |
  sort -u)"

missing="$(comm -23 <(echo "$wanted") <(echo "$installed"))"
[[ -n "$missing" ]] || exit 0

as_root=()
if [[ "$(id -u)" -ne 0 ]]; then
  command -v sudo >/dev/null ||
    fail "these packages are missing, and installing them needs root or sudo:
  apt-get install $(echo "$missing" | tr '\n' ' ')"
  as_root=(sudo)
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 "$@" </dev/null
}

mapfile -t names <<<"$missing"
echo "Installing ${#names[@]} packages: ${names[*]}" >&2
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! { apt update && apt install --no-install-recommends "${names[@]}"; } >"$log" 2>&1; then
  cat "$log" >&2
  fail "apt-get failed. Once the cause above is mended, run this again."
fi

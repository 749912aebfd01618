#!/bin/bash
# Prints the Debian packages that hold the shared libraries of programs, one a line: what a machine
# needs to run them without building them.
#
#   deploy/runtime-packages.sh PROGRAM...
#
# Exit status: 0 done, 1 a library is missing or belongs to no package, 2 wrong usage.
set -euo pipefail

[[ $# -ge 1 ]] || { echo "usage: deploy/runtime-packages.sh PROGRAM..." >&2; exit 2; }

libraries="$(for program in "$@"; do
  ldd "$program" || { echo "runtime-packages: $program is no program" >&2; exit 1; }
done)"
if grep 'not found' <<<"$libraries" >&2; then
  echo "runtime-packages: the libraries above are missing" >&2
  exit 1
fi

# ldd writes "name => path (address)" or "path (address)". Packages may know a library of /usr/lib by
# its old path in /lib.
awk '/=> \// { print $3 } $1 ~ /^\// { print $1 }' <<<"$libraries" | sort -u |
  while read -r library; do
    path="$(realpath "$(dirname "$library")")/$(basename "$library")"
    owner="$(dpkg-query --search "$path" "${path#/usr}" 2>/dev/null | head -n 1)" || true
    if [[ -z "$owner" ]]; then
      echo "runtime-packages: $path belongs to no package" >&2
      exit 1
    fi
    echo "${owner%%:*}"
  done | sort -u

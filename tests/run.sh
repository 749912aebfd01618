#!/bin/bash
# Installs what is missing, builds, runs the tests, and ends with ctest's summary.
#
#   tests/run.sh [-L LABEL]... [--no-install]
#
#   -L LABEL       only the tests of that label, and build only what they need: arch unit golden model
#                  fault integration cli package fuzz bench asan tsan. May be given several
#                  times.
#   --no-install   install no packages, neither Debian's nor npm's; tests that need a missing one fail.
#
# Logs are kept in build/logs/. Exit status: 0 all passed, 1 something failed, 2 wrong usage.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' tests/run.sh
}

known='arch unit golden model fault integration cli package fuzz bench asan tsan'
install=1
labels=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    -L)
      if [[ $# -lt 2 || " $known " != *" $2 "* ]]; then
        echo "tests/run.sh: -L needs one of: $known" >&2
        exit 2
      fi
      labels+=("$2")
      shift 2
      ;;
    --no-install)
      install=0
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done

if [[ $install -eq 1 ]]; then
  deploy/install-packages.sh build run test
fi

targets=()
filter=()
if [[ ${#labels[@]} -gt 0 ]]; then
  targets=("${labels[@]/#/tests_label_}")
  filter=(-L "^($(IFS='|' && echo "${labels[*]}"))\$")
fi
cmake/build-quietly.sh dev "${targets[@]}"
ctest --preset dev -j "$(nproc)" --output-log build/logs/dev-tests.log "${filter[@]}" </dev/null

#!/bin/bash
# Goal: a project elsewhere can use Kengred as it is installed.
# Method: installs this build below a folder of its own, moves that folder (an installed package must
# not remember where it was built or first put), then configures, builds and runs tests/package/
# consumer with nothing but the installed package.
#
#   package_test.sh BUILD_FOLDER WORK_FOLDER COMPILER
set -euo pipefail

build="$1"
work="$2"
compiler="$3"
source="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

step() {
  local log="$work/$1.log"
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    cat "$log"
    echo "FAILED: $*"
    exit 1
  fi
}

rm -rf "$work"
mkdir -p "$work"
step install cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/prefix"

for file in include/kengred/client/client.h include/kengred/v1/ledger_service.grpc.pb.h \
  include/google/rpc/error_details.pb.h share/kengred/proto/kengred/v1/transaction.proto; do
  [[ -f "$work/prefix/$file" ]] || { echo "not installed: $file"; exit 1; }
done
for file in include/kengred/client/session.h include/kengred/keys/utf8.h; do
  [[ ! -e "$work/prefix/$file" ]] || { echo "installed, but internal: $file"; exit 1; }
done
if leaked="$(grep -rlF -e "$work/first" -e "$build" -e "$(dirname "$(dirname "$source")")/" \
  "$work/prefix" --include='*.cmake' --include='*.h')"; then
  printf 'these name the folder they were built in:\n%s\n' "$leaked"
  exit 1
fi

step configure cmake -S "$source/consumer" -B "$work/build" -G Ninja \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/prefix"
step build cmake --build "$work/build"
step run "$work/build/consumer"
cat "$work/run.log"
grep -q '^payto://kengred/heol1.*?amount=HEOL:12.50$' "$work/run.log"
grep -q 'Is the server running there?' "$work/run.log"

# A program that was built answers.
for program in kengred kengred-server kengred-witness kengred-bench; do
  if [[ -e "$build/bin/$program" ]]; then
    step "$program" "$work/prefix/bin/$program" --help
  fi
done
rm -rf "$work"

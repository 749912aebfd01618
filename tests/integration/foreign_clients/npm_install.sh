#!/bin/bash
# Installs what a folder's package-lock.json pins into FOLDER; does nothing where it is there already.
#
#   npm_install.sh FOLDER [SOURCE]      (default: what client.js stands on)
#
# Exit status: 0 it is there; 1 it could not be installed; 77 it is not there, and KENGRED_OFFLINE=1
# says that this is known.
set -euo pipefail
folder="$1"
source="${2:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}"

if [[ -e "$folder/installed" ]] && cmp -s "$source/package-lock.json" "$folder/installed"; then
  exit 0
fi
if [[ "${KENGRED_OFFLINE:-}" == 1 ]]; then
  echo "KENGRED_OFFLINE=1 and the npm packages of $source are not installed: that part is not tested."
  exit 77
fi
for program in node npm; do
  command -v "$program" >/dev/null || {
    echo "$program is missing (Debian packages nodejs and npm; deploy/install-packages.sh test)."
    exit 1
  }
done
rm -rf "$folder"
mkdir -p "$folder"
cp "$source/package.json" "$source/package-lock.json" "$folder"
# No package of these needs a script of its own to run at install time.
if ! npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-update-notifier </dev/null; then
  echo "npm could not install the packages of $source/package-lock.json. Is the npm registry reachable?"
  echo "KENGRED_OFFLINE=1 in the environment leaves this part out."
  exit 1
fi
cp "$source/package-lock.json" "$folder/installed"

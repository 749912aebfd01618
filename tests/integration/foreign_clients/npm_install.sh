#!/bin/bash
# Installs what client.js stands on, as package-lock.json pins it, into FOLDER; does nothing where it
# is there already.
#
#   npm_install.sh FOLDER
#
# Exit status: 0 it is there; 1 it could not be installed; 77 it is not there, and KENGRED_OFFLINE=1
# says that this is known.
set -euo pipefail
source="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
folder="$1"

if [[ -e "$folder/installed" ]] && cmp -s "$source/package-lock.json" "$folder/installed"; then
  exit 0
fi
if [[ "${KENGRED_OFFLINE:-}" == 1 ]]; then
  echo "KENGRED_OFFLINE=1 and the npm packages of $source are not installed: the JavaScript client is not tested."
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
  echo "KENGRED_OFFLINE=1 in the environment leaves the JavaScript client out."
  exit 1
fi
cp "$source/package-lock.json" "$folder/installed"

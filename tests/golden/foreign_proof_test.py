#!/usr/bin/env python3
"""Goal: receipts and checkpoints are what other people's programs take them for. Method: the worked
example of docs/formats/receipt.md, whose bytes a golden test freezes, verified by Go's
golang.org/x/mod/sumdb (note and tlog) and by a JavaScript program on @noble/ed25519 and
libsodium-wrappers; and refused by both after every kind of change.

    foreign_proof_test.py FOLDER      where the programs are built
"""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "foreign_proof"
PAGES = HERE.parent.parent / "docs" / "formats"
NPM_INSTALL = HERE.parent / "integration" / "foreign_clients" / "npm_install.sh"


def example():
    """The receipt of the page, and the log's verifier key."""
    receipt = re.search(r"```text receipt\n(.*?)```", (PAGES / "receipt.md").read_text("utf-8"), re.S)
    key = re.search(r"^log_key = (.*)$", (PAGES / "checkpoint.md").read_text("utf-8"), re.M)
    return receipt[1], key[1]


def changed(receipt):
    """The receipt after each kind of change, by name."""
    lines = receipt.split("\n")

    def with_line(number, text):
        return "\n".join(lines[:number] + [text] + lines[number + 1:])

    content = bytearray(base64.b64decode(lines[1][len("extra "):]))
    content[40] ^= 1
    yield "entry", with_line(1, "extra " + base64.b64encode(content).decode())
    yield "index", with_line(2, "index 0")
    for number in (3, 4):
        other = bytearray(base64.b64decode(lines[number]))
        other[7] ^= 1
        yield f"hash {number - 2}", with_line(number, base64.b64encode(other).decode())
    yield "a hash less", "\n".join(lines[:3] + lines[4:])
    yield "size", with_line(7, "4")
    root = bytearray(base64.b64decode(lines[8]))
    root[0] ^= 1
    yield "root", with_line(8, base64.b64encode(root).decode())
    signature = lines[10].split(" ")
    blob = bytearray(base64.b64decode(signature[2]))
    blob[20] ^= 1
    yield "signature", with_line(10, " ".join(signature[:2] + [base64.b64encode(blob).decode()]))


def verifiers(folder):
    """Command lines, by name; what cannot be had offline is left out, and said."""
    program = folder / "verify"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                   "GOCACHE": str(folder / "go-cache"), "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", program, SOURCE / "verify.go"], env=environment, check=True)
    yield "Go", [program]
    modules = folder / "node"
    installed = subprocess.run([NPM_INSTALL, modules, SOURCE], check=False)
    if installed.returncode == 77:
        return
    if installed.returncode != 0:
        sys.exit("npm could not install what verify.mjs stands on")
    # Modules are looked for beside the program.
    script = modules / "verify.mjs"
    script.write_bytes((SOURCE / "verify.mjs").read_bytes())
    yield "JavaScript", ["node", script]


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    receipt, key = example()
    cases = [("as it is", receipt, True)] + [(n, text, False) for n, text in changed(receipt)]
    failures = 0
    for name, command in verifiers(folder):
        for what, text, valid in cases:
            file = folder / "a.receipt"
            file.write_text(text, "utf-8")
            done = subprocess.run([*command, key, file], capture_output=True, text=True, check=False)
            right = (done.returncode == 0) == valid and "Traceback" not in done.stderr
            print(f"{'ok  ' if right else 'FAIL'} {name}: {what}: {done.stdout.strip()}")
            failures += not right
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Goal: a real history, replayed as signed transactions, leaves every balance as an independent sum has it,
and an auditor finds nothing wrong with it: in the store, in an export, and through the running server.

Method: a server of its own on loopback, the real kengred-bench, and a second sum made here with decimal
arithmetic; then the real audit of each, which must agree to the last root. Usage: replay_test.py BIN_DIR HISTORY.csv. Exit code 77: the history is not there.
"""

import csv
import decimal
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

WAIT_SECONDS = 60


def sum_history(path):
    """Accounts and cents moved, by decimal arithmetic."""
    accounts, moved = set(), 0
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            cents = (decimal.Decimal(row["weight"]) * 100).quantize(1, decimal.ROUND_HALF_UP)
            moved += int(cents)
            accounts |= {row["source"], row["target"]}
    return accounts, moved


def wait_for(path, server):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if path.exists():
            return path.read_text().strip()
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode}")
        time.sleep(0.05)
    sys.exit("the server did not become ready")


def replay(bin_dir, history, port, *more):
    command = [bin_dir / "kengred-bench", "replay", history, "--seed", "7", "--target",
               f"127.0.0.1:{port}", "--json", *more]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)


def audit(bin_dir, *where):
    """What an auditor finds; there must be nothing."""
    done = subprocess.run([bin_dir / "kengred-server", "audit", *where, "--json"],
                          stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="")
    check(f"exit code of audit {where[0]}", done.returncode, 0)
    report = json.loads(done.stdout)
    check("good", report["good"], True)
    return report


def audit_all(bin_dir, work, port, replayed):
    """The running server's store, its export, and what it shows: one journal."""
    key, export = work / "auditor.key", work / "export"
    subprocess.run([bin_dir / "kengred-bench", "auditor-key", key, "--seed", "7"], check=True)
    subprocess.run([bin_dir / "kengred-server", "export", "--data", work / "data", export],
                   check=True, stdout=subprocess.DEVNULL)
    store = audit(bin_dir, "--data", work / "data")
    # The charter, and what was submitted.
    check("entries", store["entries"], replayed["transactions"] + 1)
    check("state compared", store["state_compared"], True)
    heol = next(c for c in store["currencies"] if c["currency"] == "HEOL")
    check("circulation audited", heol["circulation_minor"], replayed["circulation_cents"])
    check("fund audited", heol["fund_minor"], replayed["fund_cents"])
    others = [audit(bin_dir, "--export", export),
              audit(bin_dir, "--server", f"127.0.0.1:{port}", "--auditor-key", key)]
    check("sources", [other["source"] for other in others], ["export", "server"])
    for other in others:
        for what in ("ledger_id", "entries", "signatures", "checkpoints", "root", "log_key",
                     "currencies"):
            check(what, other[what], store[what])


def check(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got}, expected {expected}")
    print(f"{what}: {got}")


def main():
    bin_dir, history = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    if not history.exists():
        print(f"skipped: {history} is not there")
        sys.exit(77)
    accounts, moved = sum_history(history)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        charter = work / "charter.toml"
        charter.write_text(subprocess.run([bin_dir / "kengred-bench", "charter", "--seed", "7"],
                                          stdout=subprocess.PIPE, text=True, check=True).stdout)
        server_binary, data = bin_dir / "kengred-server", work / "data"
        subprocess.run([server_binary, "init", "--charter", charter, "--data", data], check=True,
                       stdout=subprocess.DEVNULL)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KENGRED_")}
        server = subprocess.Popen([server_binary, "serve", "--data", data, "--listen",
                                   "127.0.0.1:0", "--http-listen", "off", "--port-file",
                                   work / "port"], env=environment)
        try:
            port = wait_for(work / "port", server)
            done = replay(bin_dir, history, port, "--data", data, "--server-pid", str(server.pid))
            check("exit code", done.returncode, 0)
            report = json.loads(done.stdout)
            print(json.dumps(report, indent=2))
            check("accounts", report["accounts"], len(accounts))
            check("balances compared", report["balances_compared"], len(accounts))
            check("balances that differ", report["difference_count"], 0)
            check("cents moved", report["moved_cents"], moved)
            check("circulation equals fund", report["circulation_cents"], report["fund_cents"])
            audit_all(bin_dir, work, port, report)
            # A ledger that has lived is not replayed upon.
            check("exit code of a second replay", replay(bin_dir, history, port).returncode, 3)
            check("exit code of a missing file", replay(bin_dir, work / "none", port).returncode, 4)
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(WAIT_SECONDS)
        check("exit code of the server", code, 0)


if __name__ == "__main__":
    main()

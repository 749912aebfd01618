#!/usr/bin/env python3
"""Goal: bench/run.sh and bench/tables.py do not rot: every section runs, its table and claims are there,
medians and ratios are right, and nothing that was started is left.

Method: programs of a few lines in place of server, drivers and PostgreSQL, which answer with canned
figures; then tables of runs that are written down here.
"""

import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["KENGRED_SOURCE_DIR"])
SECTIONS = ("single lone streams rewards hot accounts cache tls mixed overload writes postgres").split()

REPORT = {
    "conditions": {"transaction_bytes": 200},
    "measured_us": 2000000,
    "accepted_per_second": 1000, "refused_per_second": 5, "rewards_per_second": 0,
    "reads_per_second": 0,
    "accepted_to_bare": 0.5, "rewards_to_bare": 6.0,
    "submission_latency_us": {"p50": 1000, "p99": 2000},
    "server_cpu_us_per_transaction": 60.0, "client_cpu_us_per_transaction": 5.0,
    "accepted_to_all_cores": 0.6, "all_cores_per_second": 30000, "server_cpu_to_all_cores": 0.9,
    "server_cpu_to_bare": 1.1, "server_memory_bytes": 2**30, "server_memory_peak_bytes": 2**30,
    "write_bytes_per_transaction": 900.0, "bare_per_second": 18000, "fdatasync_p50_us": 500,
    "others_cpu_share": 0.01,
    "check": {"good": True, "acknowledged": 100},
}

# Each notes its process where it stays, so that the test can look whether it went.
PROGRAMS = {
    "kengred-bench": """
case "$1" in
  charter) echo charter ;;
  *) case "$*" in *--json*) cat "$FAKES/report.json" ;; esac ;;
esac
""",
    "kengred-server": """
data= port=
while [ $# -gt 0 ]; do
  case "$1" in
    --data) data="$2" ;;
    --port-file) port="$2" ;;
  esac
  shift
done
mkdir -p "$data"
[ -n "$port" ] || exit 0
echo $$ >>"$FAKES/started"
echo 4365 >"$port"
exec sleep 600
""",
    "pg_transfer": """
[ -n "$PGHOST" ] && [ -n "$KENGRED_POSTGRES_PID" ] || exit 3
cat "$FAKES/report.json"
""",
    "initdb": "mkdir store\n",
    # A shell cannot heed SIGINT where it was started to ignore it, as PostgreSQL can.
    "postgres": """#!/usr/bin/python3
import os, signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
with open(os.environ["FAKES"] + "/started", "a") as started:
    started.write(f"{os.getpid()}\\n")
time.sleep(600)
""",
    "pg_isready": "exit 0\n",
}


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def tables(*arguments):
    done = subprocess.run([sys.executable, "-B", SOURCE / "bench/tables.py", *map(str, arguments)],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


class RunTest(unittest.TestCase):
    def setUp(self):
        # Where every user may go, as PostgreSQL's programs run as another one under root; and on a disk.
        folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.root.chmod(0o755)
        self.fakes = self.root / "fakes"
        self.fakes.mkdir()
        for name, text in PROGRAMS.items():
            program = self.fakes / name
            program.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}")
            program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        started = self.fakes / "started"
        started.touch()
        started.chmod(0o666)
        self.set_report(REPORT)

    def set_report(self, report):
        (self.fakes / "report.json").write_text(json.dumps(report))

    def run_script(self, *arguments):
        return subprocess.run(
            [SOURCE / "bench/run.sh", "--quick", "--no-install", "--dir", self.root, "--out",
             self.root / "runs.json", *arguments],
            env=os.environ | {"KENGRED_BIN_DIR": str(self.fakes), "FAKES": str(self.fakes),
                              "KENGRED_POSTGRES_BIN": str(self.fakes)},
            capture_output=True, text=True, check=False, timeout=300)

    def started(self):
        return [int(line) for line in (self.fakes / "started").read_text().split()]

    def test_every_section_is_measured_and_everything_stopped(self):
        done = self.run_script()
        self.assertEqual(done.returncode, 0, done.stderr)
        for section in SECTIONS:
            self.assertIn(f"### {section}\n", done.stdout)
        # Each claim names rows that are there.
        self.assertNotIn("not measured", done.stdout)
        # What a server needs and gives, and a row of PostgreSQL.
        self.assertIn("| 512 outstanding | 1,000 | 0.50 / 0.60 | 6.0 | 5 | 1.00 / 2.00 | 60.0 / 5.0 |", done.stdout)
        self.assertIn("| PostgreSQL, batches of 1000, 4 clients, signatures verified | 1,000 |", done.stdout)
        self.assertIn("| 512 outstanding: of twice the bare rate | >= 0.36 | 0.50 | yes |", done.stdout)
        self.assertIn("| p50 in fdatasyncs of the same disk | <= 5 | 2.00 | yes |", done.stdout)
        # What is kept holds all of it, and there is a place for every table in the document.
        document = self.root / "RESULTS.md"
        document.write_text((SOURCE / "bench/RESULTS.md").read_text())
        self.assertEqual(tables("fill", self.root / "runs.json", document)[0], 0)
        filled = document.read_text()
        for section in ["machine", *SECTIONS]:
            printed = (done.stdout.partition("### ")[0] if section == "machine" else
                       done.stdout.partition(f"### {section}\n")[2].partition("### ")[0])
            self.assertIn(f"<!-- figures: {section} -->\n\n{printed.strip()}\n\n<!-- end -->", filled)
        self.assertGreater(len(self.started()), len(SECTIONS))
        self.assertEqual([pid for pid in self.started() if alive(pid)], [])
        self.assertEqual({path.name for path in self.root.iterdir()}, {"fakes", "runs.json", "RESULTS.md"})

    def test_ledgers_of_many_accounts_are_kept_and_used_again(self):
        kept = self.root / "kept"
        first = self.run_script("--ledgers", kept, "accounts")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("opening 10000 accounts", first.stderr)
        self.assertEqual({path.name for path in kept.iterdir()}, {"accounts-1000", "accounts-10000"})
        again = self.run_script("--ledgers", kept, "accounts", "cache")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn("opening", again.stderr)
        self.assertIn("cold, 10000 accounts", again.stdout)
        self.assertTrue((kept / "accounts-10000/data").is_dir())

    def test_books_that_do_not_agree_fail_it(self):
        self.set_report(REPORT | {"check": {"good": False}})
        (self.fakes / "kengred-bench").write_text(
            f"#!/bin/sh\n{PROGRAMS['kengred-bench']}\n[ \"$1\" = charter ] || exit 1\n")
        done = self.run_script("lone")
        self.assertEqual(done.returncode, 1)
        self.assertIn("**The check at the end failed: one at a time, run 1.**", done.stdout)

    def test_a_driver_that_fails_stops_it_and_the_server(self):
        (self.fakes / "kengred-bench").write_text(
            "#!/bin/sh\n[ \"$1\" = charter ] || { echo it broke >&2; exit 3; }\n")
        done = self.run_script("single")
        self.assertEqual(done.returncode, 1)
        self.assertIn("it broke", done.stderr)
        self.assertEqual(len(self.started()), 1)
        self.assertEqual([pid for pid in self.started() if alive(pid)], [])

    def test_what_it_does_not_know_is_wrong_usage(self):
        for arguments in (["nothing"], ["--runs", "0"], ["--out"]):
            self.assertEqual(self.run_script(*arguments).returncode, 2, arguments)


class TablesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.runs = Path(folder.name) / "runs.jsonl"

    def add(self, row, run, rate, **more):
        report = self.runs.with_name("report.json")
        report.write_text(json.dumps({"accepted_per_second": rate} | more))
        self.assertEqual(tables("add", self.runs, "s", row, run, report)[0], 0)

    def test_rows_show_medians_in_the_order_measured(self):
        for run, rate in ((1, 10), (2, 1000), (3, 20)):
            self.add("b", run, rate)
            self.add("a", run, rate * 2, server_cpu_us_per_transaction=1.5)
        self.assertEqual(tables("median", self.runs, "s", "b", "accepted_per_second"), (0, "20\n"))
        self.assertEqual(tables("print", self.runs, "s")[1].splitlines()[2:6], [
            "|  | accepted/s | CPU us/tx server / client | runs |",
            "|---|---:|---:|---:|",
            "| b | 20 | - | 3 |",
            "| a | 40 | 1.5 | 3 |"])

    def test_a_ratio_is_taken_in_each_run_over_the_greatest(self):
        # The ratios are 1/2, 2, 1/10; that of the medians would be 4/10.
        for run, (ours, one, other) in enumerate(((10, 20, 1), (4, 1, 2), (1, 10, 10)), 1):
            self.add("ours", run, ours)
            self.add("one", run, one)
            self.add("other", run, other)
        rate = "accepted_per_second"
        for relation, bound, verdict in ((">=", 0.5, "yes"), (">=", 0.6, "**no**"), ("<=", 0.4, "**no**")):
            self.assertEqual(tables("claim", self.runs, "s", f"{relation}{bound}", relation, bound,
                                    rate, "ours", rate, "one", rate, "other")[0], 0)
            self.assertIn(f"| {relation}{bound} | {relation} {bound} | 0.50 | {verdict} |",
                          tables("print", self.runs, "s")[1])
        tables("claim", self.runs, "s", "of a row that is not there", ">=", 1, rate, "ours", rate, "gone")
        self.assertIn("| of a row that is not there | >= 1 | - | not measured |",
                      tables("print", self.runs, "s")[1])

    def test_a_document_gets_the_tables_that_were_measured(self):
        self.add("a", 1, 7)
        document = self.runs.with_name("document.md")
        document.write_text("x\n<!-- figures: s -->\nold\n<!-- end -->\n"
                            "<!-- figures: t -->\nkept\n<!-- end -->\ny\n")
        saved = self.runs.with_name("saved.json")
        self.assertEqual(tables("save", self.runs, saved)[0], 0)
        for source in (self.runs, saved):
            self.assertEqual(tables("fill", source, document)[0], 0)
            self.assertEqual(document.read_text(), """x
<!-- figures: s -->

|  | accepted/s | runs |
|---|---:|---:|
| a | 7 | 1 |

<!-- end -->
<!-- figures: t -->
kept
<!-- end -->
y
""")

    def test_what_it_cannot_read_or_does_not_know(self):
        self.assertEqual(tables("print", self.runs)[0], 1)
        self.assertEqual(tables("dance", self.runs)[0], 2)
        self.assertEqual(tables("claim", self.runs, "s", "t", ">=", 1)[0], 2)
        self.assertEqual(tables("add", self.runs)[0], 2)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Goal: the load driver counts what it sends, finds all of it in the journal, and says so; whatever it meets
instead of a good server ends with the exit code and the words that its documentation promises.

Method: servers of their own on loopback, the real kengred-bench in each of its modes with few accounts and
little time, and sums over the JSON that must agree whatever the machine's speed. Usage: load_test.py BIN_DIR.
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

WAIT_SECONDS = 60
SEED = "11"
ACCOUNTS = 100
# Accounts are opened by the thousand: 63 transactions open them, one admits and one funds; before
# them one opens the office; and there is the charter.
SET_UP_ENTRIES = 1 + 1 + 63 + 1 + 1


class Server:
    """kengred-server with a ledger of its own."""

    def __init__(self, bin_dir, work, name, *arguments):
        self.data, self.port_file = work / name, work / f"{name}.port"
        charter = work / f"{name}.toml"
        charter.write_text(subprocess.run([bin_dir / "kengred-bench", "charter", "--seed", SEED],
                                          stdout=subprocess.PIPE, text=True, check=True).stdout)
        binary = bin_dir / "kengred-server"
        subprocess.run([binary, "init", "--charter", charter, "--data", self.data], check=True,
                       stdout=subprocess.DEVNULL)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KENGRED_")}
        self.process = subprocess.Popen(
            [binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--http-listen", "off",
             "--port-file", self.port_file, *arguments], env=environment)
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.port_file.exists() or not self.port_file.read_text().strip():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the server did not become ready")
            time.sleep(0.05)
        self.target = "127.0.0.1:" + self.port_file.read_text().strip()

    def journal_bytes(self):
        return sum(path.stat().st_size for path in self.data.rglob("*.log"))

    def wait_for_entries(self):
        """Until something has been written since now."""
        before, deadline = self.journal_bytes(), time.monotonic() + WAIT_SECONDS
        while self.journal_bytes() == before:
            if time.monotonic() > deadline:
                sys.exit("nothing is written")
            time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(WAIT_SECONDS)


class Bench:
    """kengred-bench load against one server."""

    def __init__(self, bin_dir, server, *always):
        self.program, self.server = bin_dir / "kengred-bench", server
        self.options = {"--target": server.target, "--seed": SEED, "--accounts": str(ACCOUNTS)}
        self.options |= dict(zip(always[::2], always[1::2]))

    def command(self, *arguments):
        # Each option once: those given last count.
        options, flags, rest = dict(self.options), [], list(arguments)
        while rest:
            word = rest.pop(0)
            if rest and not str(rest[0]).startswith("--"):
                options[word] = rest.pop(0)
            else:
                flags.append(word)
        return [self.program, "load", *(word for pair in options.items() for word in pair), *flags]

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def run(self, *arguments):
        done = subprocess.run(self.command(*arguments), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=WAIT_SECONDS)
        return done.returncode, done.stdout, done.stderr

    def measure(self, name, *arguments):
        code, out, err = self.run("--duration", "0.3", "--warm-up", "0.05", "--json", "--server-pid",
                                  str(self.server.process.pid), "--data", self.server.data,
                                  *arguments)
        print(f"---- {name}\n{out}{err}")
        check("exit code", code, 0)
        report = json.loads(out)
        check_sums(report)
        return report


def check(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got}, expected {expected}")


def check_that(what, condition):
    if not condition:
        sys.exit(f"not so: {what}")


def check_sums(report):
    """What must hold of every run."""
    conditions, result = report["conditions"], report["check"]
    check("ended by", report["ended_by"], "duration")
    check("check", result["good"], True)
    check("complaints", result["complaints"], [])
    check("missing", result["missing"], 0)
    check("duplicates", report["duplicates"], 0)
    check("unanswered", report["unanswered"], 0)
    check("refused", report["refused"], sum(report["refused_by_verdict"].values()))
    # The measured time is a part of the run.
    check_that("acknowledged holds accepted", result["acknowledged"] >= report["accepted"])
    check_that("entries hold acknowledged", result["entries_read"] >= result["acknowledged"])
    # The thousand, the association's office, the ledger's own accounts, perhaps a programme.
    check_that("balances read", result["balances_read"] >= 1000)
    submitted = report["accepted"] > 0
    check("rate", report["accepted_per_second"],
          report["accepted"] * 1_000_000 // report["measured_us"])
    if submitted:
        latency = report["submission_latency_us"]
        check("latencies", latency["count"], report["accepted"])
        check_that("percentiles grow", 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
                   <= latency["max"])
        check_that("client CPU", report["client_cpu_us_per_transaction"] > 0)
        check_that("an answer costs no more", report["client_cpu_us_per_answer"]
                   <= report["client_cpu_us_per_transaction"])
        ratio = report["accepted_per_second"] / report["bare_per_second"] / conditions["cores"]
        check_that("ratio", abs(report["accepted_to_bare"] - ratio) < 0.001)
        ratio = report["accepted_per_second"] / report["all_cores_per_second"]
        check_that("ratio to all cores", abs(report["accepted_to_all_cores"] - ratio) < 0.001)
    check("bare", report["bare_per_second"],
          (report["bare_per_second_before"] + report["bare_per_second_after"]) // 2)
    check("all cores", report["all_cores_per_second"],
          (report["all_cores_per_second_before"] + report["all_cores_per_second_after"]) // 2)
    for name in ("server_memory_bytes", "server_memory_peak_bytes", "fdatasync_p50_us"):
        check_that(name, report[name] > 0)
    check_that("others", 0 <= report["others_cpu_share"] <= 1.1)


def modes(bench):
    """Each way to drive a server."""
    code, out, err = bench.run("--setup-only")
    check("set-up", (code, out, err), (0, "", ""))
    stream = bench.measure("stream", "--message", "16", "--outstanding", "64")
    check_that("stream accepted", stream["accepted"] > 0)
    # The set-up alone came before; a second one found it all there.
    check("entries", stream["check"]["entries_read"],
          SET_UP_ENTRIES + stream["check"]["acknowledged"])
    unary = bench.measure("unary", "--calls", "unary", "--connections", "3", "--payees", "one")
    check_that("unary accepted", unary["accepted"] > 0)
    check("payees", unary["conditions"]["payees"], "one")
    rewards = bench.measure("rewards", "--mix", "rewards=1", "--rewards-per-transaction", "10",
                            "--message", "4", "--outstanding", "8")
    check_that("rewards accepted", rewards["accepted"] > 0)
    check("rewards", rewards["rewards"], rewards["accepted"] * 10)
    mixed = bench.measure("mix", "--mix", "payments=3,reads=7", "--watches", "20", "--message", "2",
                          "--outstanding", "64")
    check_that("mix", mixed["accepted"] > 0 and mixed["reads"] > 0)
    check_that("watched", mixed["watched_entries"] > 0)
    check("reads measured", mixed["read_latency_us"]["count"],
          mixed["reads"] + sum(mixed["reads_refused_by_verdict"].values()))
    reads = bench.measure("reads", "--mix", "reads=1")
    check("reads only", (reads["accepted"], reads["reads"] > 0), (0, True))
    # No more than were due, however fast the server is.
    start = time.monotonic()
    open_loop = bench.measure("open loop", "--calls", "unary", "--rate", "50")
    due = 50 * (time.monotonic() - start) + 1
    check_that("open loop", 0 < open_loop["accepted"] <= open_loop["check"]["acknowledged"] <= due)
    check_that("lag", open_loop["send_lag_us"]["count"] > 0)
    check("latencies since sent", open_loop["submission_latency_since_sent_us"]["count"],
          open_loop["accepted"])
    check("no lag in a closed loop", stream["send_lag_us"], None)


def endings(bench, other_seed):
    """What does not end well says so."""
    cases = [
        ("a ledger of another seed", 3, "was not made for kengred-bench", ["--seed", other_seed]),
        ("no server", 3, "Is the server running", ["--target", "127.0.0.1:1"]),
        ("no process", 3, "there is no process", ["--server-pid", "999999999"]),
        ("no mix", 2, "gifts", ["--mix", "gifts=1"]),
        ("no room for a message", 2, "--message", ["--outstanding", "10", "--message", "20"]),
        ("too much in a message", 2, "--message",
         ["--mix", "rewards=1", "--rewards-per-transaction", "1000", "--message", "500"]),
        ("too long to read", 2, "token", ["--mix", "reads=1", "--duration", "700"]),
        ("an unknown way", 2, "--calls", ["--calls", "pigeon"]),
        ("no such certificate", 4, "none.pem", ["--tls-ca", "none.pem"]),
        ("too many watches", 2, "--watches", ["--watches", str(ACCOUNTS + 1)]),
    ]
    for name, expected, word, arguments in cases:
        code, _out, err = bench.run("--duration", "0.2", "--warm-up", "0", *arguments)
        print(f"---- {name}: {code} {err}", end="")
        check(f"exit code of {name}", code, expected)
        check_that(f"{name} is explained", word in err)
    # Too few files, where the shell allows no more.
    done = subprocess.run(["sh", "-c", 'ulimit -n 100; exec "$@"', "sh",
                           *bench.command("--connections", "90")], stderr=subprocess.PIPE, text=True, check=False)
    check("exit code of too few files", done.returncode, 2)
    check_that("files are explained", "ulimit" in done.stderr)


def interrupted(bench):
    """Ctrl-C ends a run early, with a report."""
    run = bench.start("--duration", "60", "--warm-up", "0", "--json", "--rate", "100", "--calls",
                      "unary")
    bench.server.wait_for_entries()
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=WAIT_SECONDS)
    print(f"---- interrupted\n{out}{err}")
    check("exit code", run.returncode, 0)
    report = json.loads(out)
    check("ended by", report["ended_by"], "interrupted")
    check("check", report["check"]["good"], True)


def server_gone(bench):
    """A server that dies in the middle is an error, not a report."""
    run = bench.start("--duration", "60", "--warm-up", "0", "--rate", "100", "--message", "4")
    bench.server.wait_for_entries()
    bench.server.stop(signal.SIGKILL)
    out, err = run.communicate(timeout=WAIT_SECONDS)
    check("exit code", (run.returncode, out), (3, ""))
    check_that("it is explained", "cannot reach" in err or "was lost" in err)


def tls(bin_dir, work):
    """The same over TLS."""
    key, certificate = work / "tls.key", work / "tls.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out",
                    certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    server = Server(bin_dir, work, "tls", "--tls-certificate", certificate, "--tls-key", key)
    try:
        report = Bench(bin_dir, server, "--tls-ca", certificate).measure("tls")
        check("tls", report["conditions"]["tls"], True)
    finally:
        check("exit code of the server", server.stop(), 0)


def main():
    bin_dir = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as at_end:
        work = pathlib.Path(folder)
        server = Server(bin_dir, work, "plain")
        at_end.callback(server.process.kill)
        bench = Bench(bin_dir, server)
        modes(bench)
        endings(bench, "12")
        interrupted(bench)
        tls(bin_dir, work)
        server_gone(bench)


if __name__ == "__main__":
    main()

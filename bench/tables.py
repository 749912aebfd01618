#!/usr/bin/env python3
"""What bench/run.sh keeps and prints: runs, their medians, Markdown tables.

    tables.py machine RUNS NAME=TEXT...                          where it ran
    tables.py add RUNS SECTION ROW RUN REPORT [NAME=NUMBER...]   one run: its --json, and more figures
    tables.py claim RUNS SECTION TEXT >=|<= NUMBER FIGURE ROW [FIGURE ROW...]
    tables.py print RUNS [SECTION...]                            the tables
    tables.py save RUNS FILE                                     all of it as one JSON file
    tables.py fill RUNS DOCUMENT                                 the tables into a document
    tables.py median RUNS SECTION ROW FIGURE                     one number

RUNS is a file of JSON lines, the order of which is that of the tables, or what `save` has written. In a
document a table stands between the lines `<!-- figures: SECTION -->` and `<!-- end -->`, the machine in
SECTION `machine`; sections that were not run are left as they are.
 A row is shown with the median
of each figure over its runs. A claim is a figure of one row; with more, divided by the greatest of the
other rows' second figure. It is worked out for each run by itself, since what is measured in turn
shares its conditions, and then the median is taken.

Exit status: 0, 1 for what cannot be read, 2 for wrong usage.
"""

import json
import re
import statistics
import sys

# Column: heading, what it is made of (names of figures), how each is written.
COLUMNS = [
    ("accepted/s", ["accepted_per_second"], "{:,.0f}"),
    ("of bare / of all cores", ["accepted_to_bare", "accepted_to_all_cores"], "{:.2f}"),
    ("rewards/s", ["rewards_per_second"], "{:,.0f}"),
    ("rewards to bare", ["rewards_to_bare"], "{:.1f}"),
    ("refused/s", ["refused_per_second"], "{:,.0f}"),
    ("reads/s", ["reads_per_second"], "{:,.0f}"),
    ("p50 / p99 ms", ["latency_p50_ms", "latency_p99_ms"], "{:.2f}"),
    ("since sent p50 / p99 ms", ["sent_p50_ms", "sent_p99_ms"], "{:.2f}"),
    ("reads p50 / p99 ms", ["read_p50_ms", "read_p99_ms"], "{:.2f}"),
    ("CPU us/tx server / client",
     ["server_cpu_us_per_transaction", "client_cpu_us_per_transaction"], "{:.1f}"),
    ("server CPU to bare / all cores", ["server_cpu_to_bare", "server_cpu_to_all_cores"], "{:.2f}"),
    ("start s", ["start_seconds"], "{:.2f}"),
    ("MiB at start / end / most", ["memory_start_mib", "memory_mib", "memory_peak_mib"], "{:,.0f}"),
    ("B/tx written / signed / kept",
     ["write_bytes_per_transaction", "transaction_bytes", "kept_bytes_per_transaction"], "{:,.0f}"),
    ("measured s", ["measured_seconds"], "{:,.0f}"),
    ("bare/s / all cores", ["bare_per_second", "all_cores_per_second"], "{:,.0f}"),
    ("fdatasync p50 us", ["fdatasync_p50_us"], "{:,.0f}"),
    ("others' CPU", ["others_cpu_share"], "{:.0%}"),
]
# Columns that are left out where they are 0 in the whole table.
OPTIONAL = {"rewards/s", "rewards to bare", "refused/s", "reads/s"}
# Columns that only these sections ask about.
ONLY_IN = {
    "since sent p50 / p99 ms": {"overload"},
    "MiB at start / end / most": {"accounts", "cache", "overload"},
    "B/tx written / signed / kept": {"writes"},
    "measured s": {"overload", "writes"},
}


def fail(status, message):
    print(f"tables.py: {message}", file=sys.stderr)
    sys.exit(status)


def figures_of(report):
    """The numbers of a report of `kengred-bench load --json` or `pg_transfer --json`, by name."""
    figures = {name: value for name, value in report.items()
               if isinstance(value, (int, float)) and not isinstance(value, bool)}
    if "measured_us" in report:
        figures["measured_seconds"] = report["measured_us"] / 1e6
    for prefix, name in (("latency", "submission_latency_us"),
                         ("sent", "submission_latency_since_sent_us"), ("read", "read_latency_us")):
        latency = report.get(name) or {}
        for percentile in ("p50", "p99"):
            if percentile in latency:
                figures[f"{prefix}_{percentile}_us"] = latency[percentile]
                figures[f"{prefix}_{percentile}_ms"] = latency[percentile] / 1000
    for name in ("memory", "memory_peak"):
        size = report.get(f"server_{name}_bytes")
        if size is not None:
            figures[f"{name}_mib"] = size / 2**20
    size = report.get("conditions", {}).get("transaction_bytes")
    if size is not None:
        figures["transaction_bytes"] = size
    return figures


class Runs:
    """The lines of a file of runs."""

    def __init__(self, path):
        self.machine = {}
        self.runs = []
        self.claims = []
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if text.startswith('{"kind"'):
                records = [json.loads(line) for line in text.splitlines()]
            else:
                records = json.loads(text)["records"]
            for record in records:
                {"machine": self.machine.update, "run": self.runs.append,
                 "claim": self.claims.append}[record["kind"]](record)
            self.records = records
            for run in self.runs:
                figures = figures_of(run["report"]) | run["more"]
                acknowledged = run["report"].get("check", {}).get("acknowledged")
                if acknowledged and "kept_bytes" in figures:
                    figures["kept_bytes_per_transaction"] = figures["kept_bytes"] / acknowledged
                run["figures"] = figures
        except (OSError, ValueError, KeyError, AttributeError) as error:
            fail(1, f"cannot read {path}: {error!r}")

    def sections(self):
        return list(dict.fromkeys(run["section"] for run in self.runs))

    def rows(self, section):
        return list(dict.fromkeys(run["row"] for run in self.runs if run["section"] == section))

    def of(self, section, row):
        return [run for run in self.runs if run["section"] == section and run["row"] == row]

    def median(self, section, row, figure):
        """The median over the runs that have the figure; None where none has."""
        values = [run["figures"][figure] for run in self.of(section, row) if figure in run["figures"]]
        return statistics.median(values) if values else None

    def claimed(self, claim):
        """The number that a claim is about, or None."""
        (figure, row), *others = claim["terms"]
        values = []
        for run in self.of(claim["section"], row):
            value = run["figures"].get(figure)
            below = [other["figures"].get(name) for name, other_row in others
                     for other in self.of(claim["section"], other_row) if other["run"] == run["run"]]
            if value is None or None in below or (others and not (below and max(below) > 0)):
                continue
            values.append(value / max(below) if others else value)
        return statistics.median(values) if values else None


def cell(runs, section, row, names, form):
    values = [runs.median(section, row, name) for name in names]
    while values and values[-1] is None:
        values.pop()
    return " / ".join("-" if value is None else form.format(value) for value in values)


def markdown(runs, section):
    rows = runs.rows(section)
    columns = [("", rows)]
    for heading, names, form in COLUMNS:
        if section not in ONLY_IN.get(heading, {section}):
            continue
        cells = [cell(runs, section, row, names, form) for row in rows]
        if any(cells) and not (heading in OPTIONAL and all(
                not runs.median(section, row, name) for row in rows for name in names)):
            columns.append((heading, [text or "-" for text in cells]))
    counts = [len(runs.of(section, row)) for row in rows]
    columns.append(("runs", [str(count) for count in counts]))
    lines = ["| " + " | ".join(heading for heading, _ in columns) + " |",
             "|---" + "|---:" * (len(columns) - 1) + "|"]
    for i in range(len(rows)):
        lines.append("| " + " | ".join(cells[i] for _, cells in columns) + " |")
    bad = [run for run in runs.runs
           if run["section"] == section and not run["report"].get("check", {}).get("good", True)]
    for run in bad:
        lines += ["", f"**The check at the end failed: {run['row']}, run {run['run']}.**"]
    claims = [claim for claim in runs.claims if claim["section"] == section]
    if claims:
        lines += ["", "| to reach | | measured | |", "|---|---:|---:|---|"]
    for claim in claims:
        value = runs.claimed(claim)
        wanted = f"{claim['relation']} {claim['bound']:g}"
        if value is None:
            lines.append(f"| {claim['text']} | {wanted} | - | not measured |")
            continue
        reached = value >= claim["bound"] if claim["relation"] == ">=" else value <= claim["bound"]
        lines.append(f"| {claim['text']} | {wanted} | {value:.2f} | {'yes' if reached else '**no**'} |")
    return "\n".join(lines)


def machine_table(runs):
    return "\n".join(["| machine | |", "|---|---|", *(
        f"| {name} | {value} |" for name, value in runs.machine.items() if name != "kind")])


def append(path, record):
    with open(path, "a", encoding="utf-8") as lines:
        lines.write(json.dumps(record) + "\n")


def add(path, section, row, run, report_file, *more):
    try:
        with open(report_file, encoding="utf-8") as file:
            report = json.load(file)
        figures = {name: float(value) for name, value in (pair.split("=", 1) for pair in more)}
    except (OSError, ValueError) as error:
        fail(1, f"cannot read {report_file}: {error}")
    append(path, {"kind": "run", "section": section, "row": row, "run": int(run), "report": report,
                  "more": figures})


def claim_that(path, section, text, relation, bound, *terms):
    if relation not in (">=", "<=") or not terms or len(terms) % 2:
        fail(2, __doc__)
    append(path, {"kind": "claim", "section": section, "text": text, "relation": relation,
                  "bound": float(bound), "terms": list(zip(terms[::2], terms[1::2]))})


def machine(path, *pairs):
    append(path, {"kind": "machine"} | dict(pair.split("=", 1) for pair in pairs))


def show(path, *sections):
    runs = Runs(path)
    if not sections and runs.machine:
        print(machine_table(runs) + "\n")
    for section in sections or runs.sections():
        print(f"### {section}\n\n{markdown(runs, section)}\n")


def save(path, target):
    with open(target, "w", encoding="utf-8") as file:
        json.dump({"records": Runs(path).records}, file, indent=1)
        file.write("\n")


def fill(path, document):
    runs = Runs(path)

    def table(match):
        section = match.group(2)
        if section == "machine":
            text = machine_table(runs)
        elif section in runs.sections():
            text = markdown(runs, section)
        else:
            return match.group(0)
        return f"{match.group(1)}\n\n{text}\n\n<!-- end -->"

    with open(document, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"(<!-- figures: (\w+) -->)\n.*?<!-- end -->", table, text, flags=re.DOTALL)
    with open(document, "w", encoding="utf-8") as file:
        file.write(text)


def median(path, section, row, figure):
    value = Runs(path).median(section, row, figure)
    if value is None:
        fail(1, f"no run of {section}, {row} has {figure}")
    print(round(value))


COMMANDS = {"add": add, "claim": claim_that, "machine": machine, "print": show, "save": save,
            "fill": fill, "median": median}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
        fail(2, __doc__)
    try:
        COMMANDS[sys.argv[1]](*sys.argv[2:])
    except TypeError:
        fail(2, __doc__)

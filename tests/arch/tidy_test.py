#!/usr/bin/env python3
"""Goal: the house rules that no compiler knows hold in every file.

Method: read every file of the source tree as text.
"""

import re

from project import find_all, line_of, run

LINES_MAX = 600
# Tests are tables and scenarios, read from top to bottom.
TEST_LINES_MAX = 1400
SOURCES = (".cc", ".h", ".proto", ".py", ".js", ".sh", ".cmake")


def headers_are_guarded(project):
    """every header starts with #pragma once, after its comment"""
    complaints = []
    for path in project.matching(".h"):
        code = project.code(path).strip()
        if not code.startswith("#pragma once"):
            complaints.append(f"{path}:1: make `#pragma once` the first line after the comment")
    return complaints


def headers_say_what_they_are(project):
    """every header starts with a comment: it is the documentation"""
    return [
        f"{path}:1: open with a comment that says what this is, its threads and its errors"
        for path in project.matching(".h") if not project.text(path).startswith("//")
    ]


def includes_start_at_a_root(project):
    """no include climbs with ../ or ./"""
    advice = 'include "kengred/core/x.h", "server/rules/x.h", ...: roots are in ARCHITECTURE.md'
    return [
        complaint for path in project.cpp()
        for complaint in find_all(project, path, r'^\s*#\s*include\s*["<]\.\.?/[^">]*[">]',
                                  project.text(path), advice)
    ]


def files_are_short(project):
    """no source file has more than 600 lines, no test more than 1400"""
    complaints = []
    for path in project.matching(*SOURCES):
        limit = TEST_LINES_MAX if path.startswith("tests/") else LINES_MAX
        lines = project.text(path).count("\n")
        if lines > limit:
            complaints.append(f"{path}:{lines}: {lines} lines; split it by subject (at most {limit})")
    return complaints


def nothing_is_left_undone(project):
    """no marker of unfinished work"""
    # Put together here, so that this file does not name them either.
    pattern = r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK")) + r")\b"
    advice = "do it now, or describe it where work is planned"
    return [
        complaint for path in project.files if not binary(path)
        for complaint in find_all(project, path, pattern, project.text(path), advice)
    ]


def binary(path):
    return path.endswith((".bin", ".png", ".mo", ".gz")) or "/corpus/" in path


def money_is_never_floating(project):
    """no floating point near money"""
    advice = "count minor units in int64_t with kengred/core/amount.h; shares in basis points"
    return [
        complaint for path in project.cpp("core/", "server/", "client/", "wallet-cli/")
        if not path.startswith("server/metrics/")
        for complaint in find_all(project, path,
                                  r"\b(float|double|strtod|strtof|stod|stof)\b",
                                  project.code(path), advice)
    ]


def errors_are_values(project):
    """our code throws nothing"""
    advice = "return absl::Status (the machine failed) or Refusal (a rule said no)"
    return [
        complaint for path in project.cpp("core/", "server/", "client/", "wallet-cli/", "bench/")
        for complaint in find_all(project, path, r"\bthrow\b", project.code(path), advice)
    ]


def rules_are_pure(project):
    """rules see no clock, file, thread, log or randomness, and keep no state"""
    advice = "rules are pure: what they need comes in the SequencedTransaction or the StateView"
    pattern = (r"<(chrono|ctime|time\.h|fstream|iostream|cstdio|filesystem|thread|mutex|atomic"
               r"|random|unistd\.h|absl/time/[^>]*|absl/synchronization/[^>]*|absl/log/[^>]*"
               r"|spdlog/[^>]*|grpc[^>]*|rocksdb/[^>]*)>"
               r"|\b(system_clock|steady_clock|gettimeofday|clock_gettime|getenv|RandomBytes)\b"
               r"|\babsl::Now\b|\btime\("
               r"|\bstatic\s+(?!const)[\w:<>, ]+\s\w+\s*[;={]")
    return [
        complaint for path in project.cpp("server/rules/")
        for complaint in find_all(project, path, pattern, project.code(path), advice)
    ]


def paths_belong_to_the_project(project):
    """no file names a folder of somebody's machine"""
    pattern = r"(?<![\w.])/(?:" + "|".join(("wo" + "rk", "ho" + "me", "Us" + "ers")) + r")/\w+"
    advice = "use a path from the project's root, an environment variable or a temporary folder"
    return [
        complaint for path in project.files if not binary(path)
        for complaint in find_all(project, path, pattern, project.text(path), advice)
    ]


def tests_name_their_label(project):
    """every ctest entry is made by kengred_test or kengred_script_test"""
    advice = "use kengred_test or kengred_script_test, so that tests_label_<label> knows it"
    complaints = []
    for path in project.matching(".cmake", "CMakeLists.txt", under="tests/"):
        text = re.sub(r"#[^\n]*", "", project.text(path))
        complaints += find_all(project, path, r"\badd_test\s*\(", text, advice)
    return complaints


def scripts_stop_at_errors(project):
    """every shell script stops at the first error and may be run"""
    complaints = []
    for path in project.files:
        if path.startswith("tests/arch/") or binary(path):
            continue
        text = project.text(path)
        if not re.match(r"#!.*\b(ba)?sh\b", text):
            continue
        if not re.search(r"^set -eu(o pipefail)?$", text, re.MULTILINE):
            complaints.append(f"{path}:1: add `set -euo pipefail` after the comment")
        if not (project.root / path).stat().st_mode & 0o100:
            complaints.append(f"{path}:1: make it executable (chmod +x)")
    return complaints


def documents_point_at_what_is_there(project):
    """every link, and every path in backticks, of a document leads to a file"""
    known = set(project.files)
    folders = {path[: i + 1] for path in known for i, c in enumerate(path) if c == "/"}
    tops = {path.split("/")[0] for path in known if "/" in path}
    complaints = []
    for path in project.matching(".md"):
        text = project.text(path)
        here = path.rpartition("/")[0]
        for match in re.finditer(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text):
            target = (project.root / here / match.group(1)).resolve()
            if not target.exists():
                complaints.append(f"{path}:{line_of(text, match.start())}: the link "
                                  f"{match.group(1)} leads nowhere: mend or remove it")
        for match in re.finditer(r"`([\w.-]+/[\w./-]*)`", text):
            name = match.group(1)
            if name.split("/")[0] not in tops or name.startswith("build/"):
                continue
            if name not in known and name.rstrip("/") + "/" not in folders:
                complaints.append(f"{path}:{line_of(text, match.start())}: `{name}` is not in the "
                                  "project: mend or remove it")
    return complaints


CHECKS = [
    headers_are_guarded, headers_say_what_they_are, includes_start_at_a_root, files_are_short,
    nothing_is_left_undone, money_is_never_floating, errors_are_values, rules_are_pure,
    paths_belong_to_the_project, tests_name_their_label, scripts_stop_at_errors,
    documents_point_at_what_is_there,
]

if __name__ == "__main__":
    run(CHECKS)

#!/usr/bin/env python3
"""Goal: the contract (proto/), the verdicts and the rules say the same things.

Method: read the protos, core/verdict.cc and server/rules/ as text and compare the names in them.
"""

import re

from project import line_of, run

TRANSACTION = "proto/kengred/v1/transaction.proto"
VERDICTS = "proto/kengred/v1/verdict.proto"
SENTENCES = "core/verdict.cc"

# What rules share. Every other file of server/rules/ is one operation.
SHARED_RULE_FILES = {"authority", "checks", "funding", "invariants", "membership", "prefetch", "rules",
                     "state"}


def operations(project):
    """Message -> field name, from the oneof of Operation."""
    text = project.code(TRANSACTION)
    body = re.search(r"oneof operation \{(.*?)\}", text, re.DOTALL).group(1)
    return dict(re.findall(r"(\w+) (\w+) = \d+;", body))


def verdicts(project):
    """Name -> (number, comment), from verdict.proto."""
    pattern = r"((?:^ *//[^\n]*\n)*)^ *VERDICT_(\w+) = (\d+);"
    found = re.finditer(pattern, project.text(VERDICTS), re.MULTILINE)
    return {m.group(2): (int(m.group(3)), m.group(1)) for m in found}


def everything_in_the_protos_is_commented(project):
    """every message, field, value and method of the protos has a comment"""
    complaints = []
    for path in project.matching(".proto", under="proto/kengred/"):
        depth = []
        above = ""
        for number, line in enumerate(project.text(path).splitlines(), 1):
            code = re.sub(r"//.*", "", line).strip()
            declares = re.match(r"(message|enum|service|rpc|oneof) (\w+)", code)
            field = re.match(r"(?:repeated |optional )?[\w.<>, ]+ (\w+) = \d+", code)
            value = re.match(r"(\w+) = \d+;", code)
            # The lines of the oneof of operations name messages that have a comment of their own.
            spared = (depth and depth[-1] == "oneof operation") or (
                value and value.group(1).endswith("_UNSPECIFIED"))
            if (declares or field or value) and not spared and not above.startswith("//"):
                name = (declares and declares.group(2)) or (field or value).group(1)
                complaints.append(f"{path}:{number}: `{name}`: say in a comment above it what it is, "
                                  "its unit, size and limit")
            if code.endswith("{"):
                depth.append(code[:-1].strip())
            elif code.startswith("}") and depth:
                depth.pop()
            above = line.strip() if line.strip() else ""
    return complaints


def every_operation_is_one_rule_file(project):
    """each operation has server/rules/<operation>.cc, which defines Apply for it and no other"""
    complaints = []
    fields = operations(project)
    files = {}
    for path in project.matching(".cc", under="server/rules/"):
        name = path.split("/")[-1][:-3]
        if name not in SHARED_RULE_FILES:
            files[name] = re.findall(r"^Ruling Apply\(const v1::(\w+)& ", project.text(path),
                                     re.MULTILINE)
    for message, field in fields.items():
        if files.get(field) != [message]:
            complaints.append(f"server/rules/{field}.cc:1: define `Ruling Apply(const v1::{message}& "
                              "operation, ...)` here, and only that")
    for name in files:
        if name not in fields.values():
            complaints.append(f"server/rules/{name}.cc:1: no operation of {TRANSACTION} has this "
                              "name: rename it, or list it in SHARED_RULE_FILES of contract_test.py")
    for name in SHARED_RULE_FILES:
        if not project.exists(f"server/rules/{name}.cc"):
            complaints.append(f"tests/arch/contract_test.py:1: `{name}` of SHARED_RULE_FILES is gone: "
                              "remove it")
    return complaints


def every_verdict_can_be_reached(project):
    """every verdict used is in verdict.proto, and every one there is used"""
    complaints = []
    used = {}
    for path in project.cpp("core/", "server/"):
        if path == SENTENCES:
            continue
        code = project.code(path)
        for match in re.finditer(r"\bVERDICT_(\w+)", code):
            used.setdefault(match.group(1), f"{path}:{line_of(code, match.start())}")
    known = verdicts(project)
    for name, place in used.items():
        if name not in known:
            complaints.append(f"{place}: `{name}` is not in {VERDICTS}: add it there, with cause and "
                              "remedy")
    for name in known:
        if name != "UNSPECIFIED" and name not in used:
            complaints.append(f"{VERDICTS}:1: nothing answers `{name}`: use it, or reserve its "
                              "number")
    return complaints


def every_verdict_has_its_sentence(project):
    """every verdict has one sentence, whose figures its comment names"""
    complaints = []
    rows = dict(re.findall(r"\{v1::VERDICT_(\w+),\s*((?:\"[^\"]*\"\s*)+)\}",
                           project.text(SENTENCES)))
    for name, (_, comment) in verdicts(project).items():
        if name == "UNSPECIFIED":
            continue
        if name not in rows:
            complaints.append(f"{SENTENCES}:1: give `{name}` its sentence in kRows")
            continue
        for figure in re.findall(r"\{(\w+)\}", rows[name]):
            if not re.search(rf"\b{figure}\b", comment):
                complaints.append(f"{VERDICTS}:1: `{name}`: the sentence in {SENTENCES} shows "
                                  f"{{{figure}}}; list it after \"Figures:\" in the comment")
    for name in rows:
        if name not in verdicts(project):
            complaints.append(f"{SENTENCES}:1: `{name}` is no verdict: remove the row")
    return complaints


def limits_are_the_same_in_the_protos(project):
    """the limits that protos state are those of core/limits.h"""
    # (constant, file, what the comment says with the number in it)
    stated = [
        ("kTransactionBytesMax", TRANSACTION, "at most {} bytes"),
        ("kOperationsMax", TRANSACTION, "1 to {}, applied in order"),
        ("kSignaturesMax", TRANSACTION, "1 to {}, each by another key"),
        ("kNonceBytes", TRANSACTION, "{} random bytes"),
        ("kAwardsMax", "proto/kengred/v1/operations.proto", "1 to {}."),
        ("kReferenceBytesMax", "proto/kengred/v1/operations.proto", "1 to {} printable ASCII"),
        ("kDaysAheadMax", "proto/kengred/v1/operations.proto", "at most {} days ahead"),
        ("kSideContentBytesMax", "proto/kengred/v1/side_record.proto", "at most {} bytes"),
        ("kActivitiesMax", "proto/kengred/v1/programme.proto", "1 to {}."),
        ("kValidatorsMax", "proto/kengred/v1/programme.proto", "1 to {}, distinct"),
        ("kFundersMax", "proto/kengred/v1/programme.proto", "at most {}."),
        ("kCurrenciesMax", "proto/kengred/v1/charter.proto", "1 to {} currencies"),
        ("kTokenSecondsMax", "proto/kengred/v1/token.proto", "at most {} after iat"),
        ("kPageSizeMax", "proto/kengred/v1/ledger_service.proto", "1 to {}; 0"),
        ("kStreamRequestsMax", "proto/kengred/v1/ledger_service.proto", "1 to {}."),
    ]
    limits = project.code("core/limits.h")
    complaints = []
    for constant, path, phrase in stated:
        match = re.search(rf"\b{constant} = ([\d *']+);", limits)
        if not match:
            complaints.append(f"core/limits.h:1: `{constant}` is gone: mend the list in "
                              "tests/arch/contract_test.py")
            continue
        number = 1
        for factor in match.group(1).replace("'", "").split("*"):
            number *= int(factor)
        if phrase.format(number) not in re.sub(r"\s*\n\s*// ?", " ", project.text(path)):
            complaints.append(f"{path}:1: {constant} of core/limits.h is {number}; state it as "
                              f"\"{phrase.format(number)}\"")
    return complaints


CHECKS = [
    everything_in_the_protos_is_commented, every_operation_is_one_rule_file,
    every_verdict_can_be_reached, every_verdict_has_its_sentence, limits_are_the_same_in_the_protos,
]

if __name__ == "__main__":
    run(CHECKS)

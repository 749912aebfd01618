#!/usr/bin/env python3
"""Goal: no architecture check is blind.

Method: a tiny project that keeps every rule, then one change that breaks the rule of each check; the
check must be silent on the first and complain about the second.
"""

import tempfile
import unittest
from pathlib import Path

import contract_test
import layering_test
import tidy_test
from project import Project

GOOD = {
    "ARCHITECTURE.md": """# Architecture
| library | folder | included as | may see from outside |
|---|---|---|---|
| `kengred_proto` | `proto/` | `kengred/v1/` | |
| `kengred_core` | `core/` | `kengred/core/` | abseil |
| `kengred_rules` | `server/rules/` | `server/rules/` | |

| arrow | what may pass |
|---|---|
| `kengred_rules -> kengred_core` | Everything. |

| table | key |
|---|---|
| `A` accounts | account id |
""",
    "server/README.md": """| stage | folder | function |
|---|---|---|
| judge | `server/rules/` | `Apply` |
""",
    "proto/kengred/v1/transaction.proto": """// What is signed.
message Transaction {
  // A serialized Transaction, at most 131072 bytes.
  bytes transaction = 1;
  // 1 to 16, each by another key.
  bytes a = 2;
  // 16 random bytes, so that.
  bytes b = 3;
  // 1 to 1000, applied in order.
  bytes c = 4;
}
// One act.
message Operation {
  // Exactly one.
  oneof operation {
    Pay pay = 1;
  }
}
""",
    "proto/kengred/v1/operations.proto": """// Pays: 1 to 1000. Within at most 3660 days ahead; 1 to 64 printable ASCII characters.
message Pay {}
""",
    "proto/kengred/v1/side_record.proto": "// at most 4096 bytes\n",
    "proto/kengred/v1/programme.proto": "// 1 to 32. 1 to 64, distinct, at most 128.\n",
    "proto/kengred/v1/charter.proto": "// 1 to 16 currencies\n",
    "proto/kengred/v1/token.proto": "// at most 600 after iat\n",
    "proto/kengred/v1/ledger_service.proto": "// 1 to 500; 0 is 50. 1 to 1000.\n",
    "proto/kengred/v1/verdict.proto": """// One per rule.
enum Verdict {
  VERDICT_UNSPECIFIED = 0;
  // Too much. Figures: limit.
  VERDICT_TOO_MUCH = 1;
}
""",
    "core/verdict.cc": '{v1::VERDICT_TOO_MUCH, "At most {limit}."},\n',
    "core/limits.h": """// Limits.
#pragma once
constexpr int kTransactionBytesMax = 128 * 1024;
constexpr int kOperationsMax = 1000;
constexpr int kSignaturesMax = 16;
constexpr int kNonceBytes = 16;
constexpr int kAwardsMax = 1000;
constexpr int kReferenceBytesMax = 64;
constexpr int kDaysAheadMax = 3660;
constexpr int kSideContentBytesMax = 4096;
constexpr int kActivitiesMax = 32;
constexpr int kValidatorsMax = 64;
constexpr int kFundersMax = 128;
constexpr int kCurrenciesMax = 16;
constexpr int kTokenSecondsMax = 600;
constexpr int kPageSizeMax = 500;
constexpr int kStreamRequestsMax = 1000;
""",
    "core/CMakeLists.txt": "kengred_library(kengred_core SOURCES x.cc)\n",
    "server/rules/CMakeLists.txt": "kengred_library(kengred_rules SOURCES x.cc\n  PUBLIC kengred_core)\n",
    "core/status.cc": "#include <absl/status/status.h>\n",
    "server/rules/pay.cc": """#include "kengred/core/limits.h"
Ruling Apply(const v1::Pay& operation) { return v1::VERDICT_TOO_MUCH; }
""",
    "server/rules/state.cc": "std::string Account() { return Key('A', id); }\n",
    "tests/run.sh": "#!/bin/bash\n# Runs.\nset -euo pipefail\n",
    "tests/unit/x.cmake": "kengred_test(x_test LABELS unit)\n",
    **{f"server/rules/{name}.cc": "\n" for name in contract_test.SHARED_RULE_FILES - {"state"}},
}

# Check -> the file to change, what to put in, and whether it is added to what is there.
BREAKS = {
    tidy_test.headers_are_guarded: ("core/a.h", "// A.\nint a;\n"),
    tidy_test.headers_say_what_they_are: ("core/a.h", "#pragma once\n"),
    tidy_test.includes_start_at_a_root: ("core/a.cc", '#include "../server/rules/state.h"\n'),
    tidy_test.files_are_short: ("core/a.cc", "\n" * 601),
    tidy_test.nothing_is_left_undone: ("core/a.cc", "// TO" + "DO: later\n"),
    tidy_test.money_is_never_floating: ("core/a.cc", "double amount;\n"),
    tidy_test.errors_are_values: ("core/a.cc", "void F() { throw 1; }\n"),
    tidy_test.rules_are_pure: ("server/rules/pay.cc", "#include <chrono>\n"),
    tidy_test.paths_belong_to_the_project: ("docs/a.md", "see /ho" + "me/yann/notes\n"),
    tidy_test.tests_name_their_label: ("tests/unit/x.cmake", "add_test(NAME x COMMAND x)\n"),
    tidy_test.scripts_stop_at_errors: ("tests/run.sh", "#!/bin/bash\necho\n"),
    tidy_test.documents_point_at_what_is_there: ("docs/a.md", "[here](nowhere.md)\n"),
    contract_test.everything_in_the_protos_is_commented: (
        "proto/kengred/v1/operations.proto", "// Pays.\nmessage Pay {\n  int64 amount = 1;\n}\n"),
    contract_test.every_operation_is_one_rule_file: (
        "server/rules/pay.cc", "Ruling Apply(const v1::Refund& operation) {}\n"),
    contract_test.every_verdict_can_be_reached: ("server/rules/pay.cc", "int x;\n"),
    contract_test.every_verdict_has_its_sentence: (
        "core/verdict.cc", '{v1::VERDICT_TOO_MUCH, "At most {most}."},\n'),
    contract_test.limits_are_the_same_in_the_protos: (
        "proto/kengred/v1/token.proto", "// at most 700 after iat\n"),
    layering_test.the_document_has_its_tables: ("ARCHITECTURE.md", "# Architecture\n"),
    layering_test.the_graph_has_no_circle: (
        "ARCHITECTURE.md", GOOD["ARCHITECTURE.md"].replace(
            "| Everything. |\n",
            "| Everything. |\n| `kengred_core -> kengred_rules` | Nothing. |\n")),
    layering_test.every_include_has_an_arrow: (
        "core/a.cc", '#include "server/rules/state.h"\n'),
    layering_test.every_arrow_is_used: (
        "server/rules/pay.cc", "Ruling Apply(const v1::Pay& operation) {}\n"),
    layering_test.links_follow_the_arrows: (
        "core/CMakeLists.txt", "kengred_library(kengred_core SOURCES x.cc\n  PUBLIC kengred_rules)\n"),
    layering_test.named_functions_exist: (
        "server/README.md", "| judge | `server/rules/` | `Judge` |\n"),
    layering_test.tables_are_described: (
        "server/rules/state.cc", "std::string Account() { return Key('Z', id); }\n"),
}


def write(root, files):
    for path, text in files.items():
        target = Path(root) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            target.chmod(0o755)


class ChecksTest(unittest.TestCase):
    def test_every_check_has_a_break(self):
        checks = tidy_test.CHECKS + contract_test.CHECKS + layering_test.CHECKS
        self.assertEqual({check.__name__ for check in checks},
                         {check.__name__ for check in BREAKS})

    def test_checks_are_silent_on_good_and_complain_about_bad(self):
        for check, (path, text) in BREAKS.items():
            with self.subTest(check.__name__), tempfile.TemporaryDirectory() as root:
                write(root, GOOD)
                self.assertEqual(check(Project(root)), [])
                write(root, {path: text})
                complaints = check(Project(root))
                self.assertTrue(complaints, "it is blind")
                self.assertRegex(complaints[0], r"^[\w./-]+:\d+: \S.{20,}", "path:line: what to do")


if __name__ == "__main__":
    unittest.main()

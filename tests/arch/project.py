"""What the architecture tests share: the source tree, C++ without its comments, and how to report.

Each check is a function from a Project to a list of complaints. A complaint starts with the place
(path:line) and ends with what to do about it. checks_test.py shows every check a small tree that
breaks its rule, so that no check is blind.
"""

import os
import re
import sys
from pathlib import Path

# Generated, downloaded or restated from elsewhere; everything else is ours.
FOREIGN = ("build/", ".git/", ".cache/", "proto/google/")


class Project:
    """The files of a source tree, by their path from its root."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = []
        for folder, folders, names in os.walk(self.root):
            base = Path(folder).relative_to(self.root).as_posix()
            prefix = "" if base == "." else base + "/"
            folders[:] = sorted(
                name for name in folders
                if name not in ("node_modules", "__pycache__")
                and not (prefix + name + "/").startswith(FOREIGN)
            )
            self.files += sorted(prefix + name for name in names if not name.endswith(".pyc"))

    def matching(self, *suffixes, under=""):
        """Paths with one of the suffixes below a folder ("core/"), or below any."""
        return [f for f in self.files if f.endswith(suffixes) and f.startswith(under)]

    def cpp(self, *folders):
        """C++ files below the folders, or all of them."""
        return [f for f in self.matching(".cc", ".h") if not folders or f.startswith(folders)]

    def exists(self, path):
        return (self.root / path).exists()

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def code(self, path):
        """A C++ or proto file with comments and the insides of literals blanked, lines kept."""
        return blank(self.text(path))


def blank(text):
    """Spaces in place of comments and of what stands inside literals."""
    pattern = re.compile(
        r"//[^\n]*|/\*.*?\*/|(?:\bu8|\bu|\bU|\bL|\b)R\"(?P<d>[^( ]*)\(.*?\)(?P=d)\""
        r"|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
        re.DOTALL,
    )

    def spaces(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        return found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[-1]

    return pattern.sub(spaces, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def find_all(project, path, pattern, text, advice):
    """A complaint per match of a pattern."""
    return [
        f"{path}:{line_of(text, m.start())}: `{m.group(0).strip()}`: {advice}"
        for m in re.finditer(pattern, text, re.MULTILINE)
    ]


def run(checks):
    """Runs checks on the tree that KENGRED_SOURCE_DIR names; exits 1 with what they say."""
    project = Project(os.environ.get("KENGRED_SOURCE_DIR", "."))
    complaints = 0
    for check in checks:
        found = check(project)
        complaints += len(found)
        print(f"{'ok  ' if not found else 'FAIL'} {check.__name__}: {check.__doc__.splitlines()[0]}")
        for complaint in found:
            print("     " + complaint)
    if complaints:
        print(f"{complaints} complaints. Each says what to do; the rules are in ARCHITECTURE.md.")
        sys.exit(1)

#!/usr/bin/env python3
"""Goal: ARCHITECTURE.md and server/README.md are true: no include and no link without an arrow there, no
arrow without an include; the functions and tables they name exist.

Method: read the documents' tables, every #include, and the kengred_library and kengred_executable calls
of the CMakeLists.
"""

import fnmatch
import re

from project import line_of, run

DOCUMENT = "ARCHITECTURE.md"
# What the document calls each library from outside, by how its headers are included.
OUTSIDE = [
    ("absl/", "abseil"), ("grpcpp/", "gRPC"), ("grpc/", "gRPC"), ("google/protobuf/", "protobuf"),
    ("openssl/", "OpenSSL"), ("sodium", "libsodium"), ("rocksdb/", "RocksDB"),
    ("spdlog/", "spdlog"), ("fmt/", "fmt"), ("CLI/", "CLI11"), ("nlohmann/", "nlohmann_json"),
    ("toml++/", "toml++"), ("qrencode", "libqrencode"), ("libintl", "gettext"),
    ("benchmark/", "Google Benchmark"),
    ("httplib", "cpp-httplib"), ("libpq", "libpq"),
]
# Folders whose includes the graph speaks of; tests may use what they test.
FOLDERS = ("proto/", "core/", "files/", "net/", "client/", "server/", "wallet-cli/", "bench/", "witness/")


def rows(project, header):
    """Cells of the document's table whose first header cell is given, without backticks."""
    text = project.text(DOCUMENT)
    match = re.search(rf"^\| *{re.escape(header)} *\|.*\n\|[-| ]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    if not match:
        return []
    return [[cell.replace("`", "").strip() for cell in line.strip().strip("|").split("|")]
            for line in match.group(1).splitlines()]


class Graph:
    """What ARCHITECTURE.md says."""

    def __init__(self, project):
        self.folders = []  # (pattern, library), the most particular first
        self.prefixes = {}  # how headers are included -> library
        self.outside = {}  # library -> names from outside
        for library, folders, prefixes, outside in rows(project, "library"):
            # Cells in parentheses are for people.
            for pattern in folders.split(", "):
                if not pattern.startswith("("):
                    self.folders.append((pattern if "*" in pattern else pattern + "*", library))
            for prefix in prefixes.split(", "):
                if not prefix.startswith("("):
                    self.prefixes.setdefault(prefix, []).append(library)
            self.outside[library] = {name for name in outside.split(", ") if name}
        self.folders.sort(key=lambda entry: -len(entry[0]))
        self.arrows = set()
        for arrow, _rule in rows(project, "arrow"):
            user, _, used = arrow.partition(" -> ")
            self.arrows.add((user, used))

    def library_of(self, path):
        for pattern, library in self.folders:
            if fnmatch.fnmatch(path, pattern):
                return library
        return None

    def target_of(self, project, include):
        """The library a header in quotes belongs to."""
        prefix = max((p for p in self.prefixes if include.startswith(p)), key=len, default=None)
        if prefix is None:
            return None
        candidates = self.prefixes[prefix]
        if include.endswith(".grpc.pb.h"):
            return "kengred_grpc"
        if len(candidates) == 1:
            return candidates[0]
        return self.library_of(include)


def includes(project, path):
    text = project.text(path)
    for match in re.finditer(r'^\s*#\s*include\s*([<"])([^">]+)[">]', text, re.MULTILINE):
        yield line_of(text, match.start()), match.group(1) == "<", match.group(2)


def sources(project):
    return [p for p in project.cpp(*FOLDERS) if "/examples/" not in p]


def the_document_has_its_tables(project):
    """ARCHITECTURE.md has the tables of libraries and arrows, and every arrow a rule"""
    if not project.exists(DOCUMENT):
        return [f"{DOCUMENT}:1: it is missing: write it, with the two tables under \"Libraries\""]
    graph = Graph(project)
    complaints = []
    if not graph.folders or not graph.arrows:
        complaints.append(f"{DOCUMENT}:1: no table starts with `library` or `arrow`: restore it")
    for arrow, rule in rows(project, "arrow"):
        user, _, used = arrow.partition(" -> ")
        for name in (user, used):
            if name not in graph.outside:
                complaints.append(f"{DOCUMENT}:1: `{arrow}`: `{name}` is not in the table of "
                                  "libraries: add it, or remove the arrow")
        if not rule.endswith("."):
            complaints.append(f"{DOCUMENT}:1: `{arrow}`: say in one sentence what may pass")
    return complaints


def the_graph_has_no_circle(project):
    """no library uses itself by a detour"""
    left = set(Graph(project).arrows)
    while True:
        users = {user for user, _ in left}
        free = {(user, used) for user, used in left if used not in users}
        if not free:
            break
        left -= free
    circle = ", ".join(f"{user} -> {used}" for user, used in sorted(left))
    return [f"{DOCUMENT}:1: a circle runs through {circle}: turn one of these around"] if left else []


def every_include_has_an_arrow(project):
    """every include follows an arrow of the document"""
    graph = Graph(project)
    complaints = []
    for path in sources(project):
        library = graph.library_of(path)
        if library is None:
            complaints.append(f"{path}:1: no library of {DOCUMENT} has this folder: add it there")
            continue
        for line, angle, include in includes(project, path):
            where = f"{path}:{line}: `{include}`: "
            if angle:
                name = next((n for prefix, n in OUTSIDE if include.startswith(prefix)), None)
                if name and name not in graph.outside[library]:
                    complaints.append(f"{where}{library} must not see {name}: move this code, or "
                                      f"write {name} into its row of {DOCUMENT} and say why")
                if name is None and "/" in include and not include.startswith(("sys/", "netinet/",
                                                                               "arpa/", "linux/")):
                    complaints.append(f"{where}name this library in OUTSIDE of "
                                      "tests/arch/layering_test.py")
                continue
            used = graph.target_of(project, include)
            if used is None:
                complaints.append(f"{where}it starts at no include root of {DOCUMENT}")
            elif used != library and (library, used) not in graph.arrows:
                complaints.append(f"{where}there is no arrow {library} -> {used}: move this code, or "
                                  f"draw the arrow in {DOCUMENT} with its rule")
    return complaints


def every_arrow_is_used(project):
    """every arrow and every name from outside has an include"""
    graph = Graph(project)
    arrows, outside = set(), set()
    for path in sources(project):
        library = graph.library_of(path)
        for _, angle, include in includes(project, path):
            if angle:
                outside |= {(library, n) for prefix, n in OUTSIDE if include.startswith(prefix)}
            else:
                arrows.add((library, graph.target_of(project, include)))
    complaints = [f"{DOCUMENT}:1: no include follows {user} -> {used}: erase the arrow"
                  for user, used in sorted(graph.arrows - arrows) if not user.startswith("proto")]
    drawn = {(library, name) for library, names in graph.outside.items() for name in names}
    complaints += [f"{DOCUMENT}:1: {library} includes nothing of {name}: erase it from its row"
                   for library, name in sorted(drawn - outside)]
    return complaints


def links_follow_the_arrows(project):
    """every link between our libraries in CMake follows an arrow"""
    graph = Graph(project)
    complaints = []
    for path in project.matching("CMakeLists.txt"):
        if not path.startswith(FOLDERS) or "/examples/" in path:
            continue
        text = re.sub(r"#[^\n]*", "", project.text(path))
        for match in re.finditer(r"kengred_(?:library|executable)\((\w+)(.*?)\n?\)", text, re.DOTALL):
            target, body = match.groups()
            links = re.split(r"\b(?:PUBLIC|PRIVATE|LINK)\b", body)[1:]
            for used in re.findall(r"\bkengred_\w+", " ".join(links)):
                library = target if target in graph.outside else graph.library_of(
                    path.replace("CMakeLists.txt", "main.cc"))
                if used in graph.outside and used != library and (library, used) not in graph.arrows:
                    complaints.append(f"{path}:{line_of(text, match.start())}: {target} links {used} "
                                      f"without an arrow {library} -> {used} in {DOCUMENT}: remove "
                                      "the link, or draw the arrow")
    return complaints


def named_functions_exist(project):
    """every function that server/README.md names is in the folder it names"""
    page = "server/README.md"
    if not project.exists(page):
        return [f"{page}:1: it is missing: write down the life of a transaction"]
    complaints = []
    for line in project.text(page).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        folder = re.match(r"`(server/\w+/)`", cells[1]) if len(cells) > 2 else None
        if not line.startswith("|") or not folder:
            continue
        text = "".join(project.code(path) for path in project.cpp(folder.group(1), "core/"))
        for name in re.findall(r"`([\w:]+)`", cells[2]):
            missing = [part for part in name.split("::")
                       if not re.search(rf"\b{part}\b", text)]
            if missing:
                complaints.append(f"{page}:1: `{name}`: no {missing[0]} in {folder.group(1)}: name "
                                  "what stands there now")
    return complaints


def tables_are_described(project):
    """the tables of the state in ARCHITECTURE.md are those of server/rules/state.cc"""
    described = {row[0].split(" ")[0] for row in rows(project, "table")} - {"S"}
    made = set(re.findall(r"\bKey\('(\w)'", project.text("server/rules/state.cc")))
    return [f"{DOCUMENT}:1: table `{letter}`: server/rules/state.cc and the document disagree: mend "
            "the table under \"What is stored\"" for letter in sorted(described ^ made)]


CHECKS = [
    the_document_has_its_tables, the_graph_has_no_circle, every_include_has_an_arrow,
    every_arrow_is_used, links_follow_the_arrows, named_functions_exist, tables_are_described,
]

if __name__ == "__main__":
    run(CHECKS)

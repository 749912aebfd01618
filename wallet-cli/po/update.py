#!/usr/bin/env python3
"""Keeps the translations in step with the sources.

    update.py           adds new messages to every *.po of this folder, drops those that are gone
    update.py --check   says what is not translated, or translated in a way that cannot be right

Messages are the strings in _(), N_(), Tr() and TrN() of the wallet, and the sentences of verdicts in
core/verdict.cc, which the wallet translates by their English text. Needs gettext's programs.
"""

import ast
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
WALLET = FOLDER.parent
ROOT = WALLET.parent
KEYWORDS = ["-k_", "-kN_", "-kTr:1", "-kTrN:1,2"]


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode()


def extract(options, files):
    names = [str(f.relative_to(ROOT)) for f in files]
    return run("xgettext", "--language=C++", "--from-code=UTF-8", "--add-location=file",
               "--sort-by-file", "--add-comments=Translators:", "--package-name=kengred", "-o", "-",
               *options, *names)


def template():
    """The messages of all sources as a .pot text."""
    sources = sorted(p for p in WALLET.rglob("*") if p.suffix in (".cc", ".h"))
    wallet = extract(KEYWORDS, sources)
    # Every literal of the table of verdicts; what is no sentence is no message.
    verdicts = extract(["--extract-all"], [ROOT / "core" / "verdict.cc"])
    blocks = verdicts.split("\n\n")
    kept = [blocks[0]] + [b for b in blocks[1:] if re.search(r'\."$', b.split("msgstr")[0].strip())]
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for name, text in (("wallet", wallet), ("verdicts", "\n\n".join(kept) + "\n")):
            part = Path(folder) / f"{name}.pot"
            part.write_text(text.replace("charset=CHARSET", "charset=UTF-8"), encoding="utf-8")
            parts.append(str(part))
        return run("msgcat", "--use-first", "--add-location=file", *parts)


def update(path):
    with tempfile.TemporaryDirectory() as folder:
        pot = Path(folder) / "kengred.pot"
        pot.write_text(template(), encoding="utf-8")
        merged = run("msgmerge", "--no-fuzzy-matching", "--quiet", "--add-location=file", str(path),
                     str(pot))
        path.write_text(merged, encoding="utf-8")
        path.write_text(run("msgattrib", "--no-obsolete", "--add-location=file", str(path)),
                        encoding="utf-8")


def messages(text):
    """(msgid, msgid_plural or None, [translations], flags) of a .po text, without its header."""
    result = []
    for block in re.split(r"\n\s*\n", text):
        fields, flags, current = {}, "", None
        for line in block.splitlines():
            if line.startswith("#,"):
                flags += line[2:]
            match = re.match(r'(msgid|msgid_plural|msgstr(?:\[\d+\])?) (".*")$', line)
            if match:
                current = match.group(1)
                fields[current] = ast.literal_eval(match.group(2))
            elif current and line.startswith('"'):
                fields[current] += ast.literal_eval(line)
        if fields.get("msgid"):
            translations = [fields[k] for k in sorted(fields) if k.startswith("msgstr")]
            result.append((fields["msgid"], fields.get("msgid_plural"), translations, flags))
    return result


def placeholders(text):
    """{}, {0}, {name}: as a sorted list, {} numbered in order."""
    count = 0
    found = []
    for name in re.findall(r"\{([a-z_0-9]*)(?::[^}]*)?\}", text.replace("{{", "").replace("}}", "")):
        if name == "":
            name = str(count)
            count += 1
        found.append(name)
    return sorted(set(found))


def complaints(path):
    text = path.read_text(encoding="utf-8")
    have = {}
    for msgid, plural, translations, flags in messages(text):
        have[msgid] = True
        if "fuzzy" in flags:
            yield f"marked fuzzy: {msgid!r}"
        for translation in translations:
            if not translation:
                yield f"not translated: {msgid!r}"
            elif placeholders(translation) != placeholders(plural or msgid):
                yield f"other placeholders than {msgid!r}: {translation!r}"
            elif msgid.endswith("\n") != translation.endswith("\n"):
                yield f"ends otherwise than {msgid!r}"
    wanted = {m[0] for m in messages(template())}
    for msgid in sorted(wanted - set(have)):
        yield f"missing: {msgid!r}"
    for msgid in sorted(set(have) - wanted):
        yield f"no longer used: {msgid!r}"


def main():
    faults = 0
    for path in sorted(FOLDER.glob("*.po")):
        if sys.argv[1:] == ["--check"]:
            for complaint in complaints(path):
                print(f"{path.name}: {complaint}")
                faults += 1
        else:
            update(path)
    if faults:
        print(f"{faults} fault(s). Run wallet-cli/po/update.py, then translate what is empty.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

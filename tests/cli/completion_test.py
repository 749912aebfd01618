#!/usr/bin/env python3
"""Goal: the shells complete kengred's commands, and its manual pages can be read.

Method: bash is asked as it asks itself (the registered function with COMP_WORDS), and once for real,
with a TAB on a terminal. zsh and fish read their scripts, and fish completes, where they are
installed. Each manual page, in both languages, goes through mandoc's lint or man's warnings,
whichever is there.
"""

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(os.environ["KENGRED_BIN_DIR"])
PATIENCE_SECONDS = 60
failures = []
skipped = []


def check(what, good, shown=""):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}\n{shown}")


def run(*command, **options):
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding="utf-8", timeout=PATIENCE_SECONDS,
                          **options)


class Machine:
    """A home with two profiles, one of which has contacts."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.environment = {
            "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
            "HOME": folder,
            "XDG_DATA_HOME": f"{folder}/data",
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
        }
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                self.environment[name] = value
        for profile in ("default", "gov1"):
            made = self.run("kengred", "--profile", profile, "init", "--no-passphrase", "--yes")
            assert made.returncode == 0, made.stdout
        config = self.folder / "data" / "kengred" / "default" / "config.toml"
        with open(config, "a", encoding="utf-8") as file:
            for name in ("anne", "Yann Le Goff"):
                file.write(f'[[contact]]\nname = "{name}"\naddress = "heol1x"\n')
        (self.folder / "services one.csv").touch()
        (self.folder / "rewards").mkdir()
        for shell in ("bash", "zsh", "fish"):
            made = self.run("kengred", "completion", shell, "--output", str(self.script(shell)))
            assert made.returncode == 0, made.stdout

    def script(self, shell):
        return self.folder / f"completion.{shell}"

    def run(self, *command):
        return run(*command, cwd=self.folder, env=self.environment)


# ---- bash ----

BASH_ASK = r"""
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
function=$(complete -p kengred | sed 's/.*-F \([^ ]*\) .*/\1/')
compopt() { :; }  # works only while readline completes
"$function" kengred "${COMP_WORDS[COMP_CWORD]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def bash_offers(machine, *words):
    done = machine.run("bash", "-c", BASH_ASK, "bash", str(machine.script("bash")), *words)
    return [line for line in done.stdout.splitlines() if line]


def test_bash(machine):
    cases = [
        (("kengred", "memb"), ["member"]),
        (("kengred", "member", ""), ["admit", "end", "show"]),
        (("kengred", "--profile", "g"), ["gov1"]),
        (("kengred", "member", "end", "anne", "--rea"), ["--reason"]),
        (("kengred", "member", "admit", "a"), ["anne"]),
        (("kengred", "member", "admit", "Y"), [r"Yann\ Le\ Goff"]),
        (("kengred", "--profile", "gov1", "member", "admit", ""), []),
        (("kengred", "fund", "record", "--fund", "=", "p"), ["paper"]),
        (("kengred", "role", "grant", "anne", "tr"), ["treasurer"]),
        (("kengred", "tx", "sign", "serv"), ["services one.csv"]),
        (("kengred", "nonsense", ""), []),
    ]
    for words, wanted in cases:
        offered = bash_offers(machine, *words)
        check(f"bash completes {' '.join(words)}", offered == wanted, f"{offered} not {wanted}")
    check("bash reads the script", machine.run("bash", "-n", str(machine.script("bash"))).returncode == 0)


def test_bash_for_real(machine):
    """A person types half a word and presses TAB."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(machine.folder)
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], machine.environment)
    shown = ""
    deadline = time.monotonic() + PATIENCE_SECONDS

    def wait_for(text):
        nonlocal shown
        while text not in shown:
            if time.monotonic() > deadline:
                return False
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    shown += os.read(terminal, 65536).decode(errors="replace")
                except OSError:
                    return False
        return True

    os.write(terminal, b"PS1='ready> '; source completion.bash\n")
    wait_for("\nready> ")
    os.write(terminal, b"kengred profe\t")
    check("a TAB completes a command", wait_for("kengred professional"), shown)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(terminal)


# ---- zsh and fish ----


def test_zsh(machine):
    if not shutil.which("zsh"):
        skipped.append("zsh is not installed")
        return
    done = machine.run("zsh", "-n", str(machine.script("zsh")))
    check("zsh reads the script", done.returncode == 0, done.stdout)
    # As the completion system loads it: by its first line.
    functions = machine.folder / "functions"
    functions.mkdir()
    shutil.copy(machine.script("zsh"), functions / "_kengred")
    done = machine.run("zsh", "-f", "-c",
                       f"fpath=({functions} $fpath); autoload -Uz compinit; "
                       f"compinit -u -d {machine.folder}/dump; print $_comps[kengred]")
    check("zsh finds the completion", done.stdout.strip() == "_kengred", done.stdout)


def test_fish(machine):
    if not shutil.which("fish"):
        skipped.append("fish is not installed")
        return
    done = machine.run("fish", "-n", str(machine.script("fish")))
    check("fish reads the script", done.returncode == 0, done.stdout)
    cases = [
        ("kengred memb", ["member"]),
        ("kengred member ", ["admit", "end", "show"]),
        ("kengred member end anne --rea", ["--reason"]),
        ("kengred fund record --fund=p", ["--fund=paper"]),
        ("kengred --profile ", ["default", "gov1"]),
    ]
    for line, wanted in cases:
        done = machine.run("fish", "--no-config", "-c",
                           f"source {machine.script('fish')}; complete -C {line!r}")
        offered = sorted(each.split("\t")[0] for each in done.stdout.splitlines())
        check(f"fish completes {line!r}", offered == sorted(wanted), done.stdout)


# ---- manual pages ----


def test_manual(machine):
    for language in ("en", "fr"):
        folder = machine.folder / f"man.{language}"
        folder.mkdir()
        environment = dict(machine.environment, LC_ALL="", LANG="C.UTF-8", LANGUAGE=language)
        done = run("kengred", "man", "--output", str(folder), env=environment, cwd=machine.folder)
        check(f"manual pages in {language} are written", done.returncode == 0, done.stdout)
        pages = sorted(folder.glob("*.1"))
        check(f"there are manual pages in {language}", len(pages) > 20, str(pages))
        main = (folder / "kengred.1").read_text(encoding="utf-8")
        name = {"en": '.SH "NAME"', "fr": '.SH "NOM"'}[language]
        check(f"kengred.1 is in {language}", name in main, main[:300])
        for page in pages:
            if shutil.which("mandoc"):
                done = run("mandoc", "-Tlint", "-Wwarning", str(page))
            elif shutil.which("man"):
                done = run("man", "--warnings", "-l", "-P", "cat", "-E", "UTF-8", str(page),
                           env=dict(machine.environment, MANWIDTH="80"))
                done.stdout = "\n".join(l for l in done.stdout.splitlines() if "warning" in l)
            else:
                skipped.append("neither mandoc nor man is installed")
                return
            check(f"{language}/{page.name} is clean", done.returncode == 0 and not done.stdout,
                  done.stdout)


def main():
    folder = tempfile.mkdtemp(prefix="kengred-shell-")
    try:
        machine = Machine(folder)
        test_bash(machine)
        test_bash_for_real(machine)
        test_zsh(machine)
        test_fish(machine)
        test_manual(machine)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for reason in skipped:
        print(f"skipped: {reason}")
    print(f"{len(failures)} failure(s)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

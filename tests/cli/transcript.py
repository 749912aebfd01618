#!/usr/bin/env python3
"""Plays transcripts of the wallet against a real server and compares what it says.

    transcript.py FILE.txt        plays one; exit status 0 where everything is as written

A transcript is read from top to bottom. A line is, by its beginning:

    #            a comment
    @server      makes a ledger whose governance is the profiles gov1, gov2, gov3 (two of them sign),
                 and serves it on a free port of this machine: ${SERVER}. More words are options of
                 `kengred-server serve`
    @witnesses K the charter of the ledger that is made next names these witnesses, by their keys
    @stop @start stops the server, and starts it again on the same port
    @include F   plays another file here
    @file F      the indented lines after it are the file F
    @as NAME     the commands after it are run with --profile NAME
    $ COMMAND    runs a command in the test's folder, without a terminal. `VAR=x` before it sets its
                 environment, `3<FILE` after it opens a descriptor
    $tty COMMAND the same on a terminal: what was written there stands among its output as well
    ? N          its exit code; without it, 0
    | TEXT       the next line of its standard output (on a terminal, of everything)
    ! TEXT       a line of its standard error, anywhere
    |...         any lines of standard output from here to the end
    = PATH TEXT  what stands in its JSON at PATH: items.0.amount.amount
    >> TEXT      on a terminal: waits until this is shown
    << TEXT      on a terminal: types this line; `<<^D` and `<<^C` are keys

Standard output must be told completely, unless the command has `=` lines, or none at all. Where the
exit code is not 0, standard error must be told in part, so that every refusal is looked at.

No-break spaces, as French has before ':', count as spaces. In expected text, <name> is a gap: <any>, <n>, <hex>, <address>, <time>, <day>; <address:yann> is a gap
whose text is kept as ${yann}, and <hex:x> likewise. ${x} is replaced by what was kept.
"""

import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATIENCE_SECONDS = 60
GAPS = {
    "any": r".*?",
    "n": r"\d+",
    "hex": r"[0-9a-f]{40,64}",
    "address": r"[a-z]+1[02-9ac-hj-np-z]{38}",
    "time": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\dZ)?",
    "day": r"\d{4}-\d\d-\d\d",
}


class Different(Exception):
    """What was said is not what is written."""


class Answer:
    """What a command said."""

    def __init__(self, exit_code, out, err):
        self.exit_code = exit_code
        self.out = out
        self.err = err


class Play:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.bin = Path(os.environ["KENGRED_BIN_DIR"])
        self.values = {}
        self.profile = None
        self.server = None
        self.serve_options = []
        self.witnesses = []
        self.listen = "127.0.0.1:0"
        self.patience_seconds = PATIENCE_SECONDS
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "XDG_DATA_HOME": str(self.folder / "data"),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
        }
        # Sanitizers and coverage are told by the environment.
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                self.environment[name] = value

    # ---- the server ----

    def make_ledger(self):
        keys = []
        for name in ("gov1", "gov2", "gov3"):
            self.run_checked("kengred", "--profile", name, "init", "--no-passphrase", "--yes")
            shown = self.run_checked("kengred", "--profile", name, "profile", "show", "--json")
            keys.append(json.loads(shown)["public_key"])
        charter = self.run_checked("kengred-server", "charter", "example")
        lines = "".join(f'  "{key}",\n' for key in keys)
        charter = re.sub(r"keys = \[.*?\]", f"keys = [\n{lines}]", charter, count=1,
                         flags=re.DOTALL)
        charter = re.sub(r"^# (witnesses = )\[.*\]$",
                         lambda match: match.group(1) + json.dumps(self.witnesses), charter, count=1,
                         flags=re.MULTILINE)
        (self.folder / "charter.toml").write_text(charter, encoding="utf-8")
        self.run_checked("kengred-server", "init", "--charter", "charter.toml", "--data", "ledger")

    def start_server(self):
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        with open(self.folder / "server.log", "ab") as log:
            self.server = subprocess.Popen(
                ["kengred-server", "serve", "--data", "ledger", "--listen", self.listen,
                 "--http-listen", "127.0.0.1:0", "--port-file", "port", *self.serve_options],
                cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        deadline = time.monotonic() + self.patience_seconds
        while not (port_file.exists() and port_file.read_text(encoding="utf-8").endswith("\n")):
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise Different("the server did not start")
            time.sleep(0.02)
        port = port_file.read_text(encoding="utf-8").split()[0]
        self.listen = f"127.0.0.1:{port}"
        self.values["SERVER"] = self.listen

    def stop_server(self):
        if self.server is not None:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(self.patience_seconds)
            self.server = None

    def run_checked(self, *command):
        done = subprocess.run(command, cwd=self.folder, env=self.environment, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, start_new_session=True)
        if done.returncode != 0:
            raise Different(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
        return done.stdout.decode()

    # ---- commands ----

    def words_of(self, text):
        """The command's words, its environment, and the files to open."""
        environment = dict(self.environment)
        files = {}
        words = []
        for word in shlex.split(self.fill(text)):
            assignment = re.fullmatch(r"([A-Z_]+)=(.*)", word)
            redirection = re.fullmatch(r"(\d)<(.+)", word)
            if assignment and not words:
                environment[assignment.group(1)] = assignment.group(2)
            elif redirection:
                files[int(redirection.group(1))] = redirection.group(2)
            else:
                words.append(word)
        if words[0] == "kengred" and self.profile and "--profile" not in words:
            words[1:1] = ["--profile", self.profile]
        return words, environment, files

    def run(self, text):
        words, environment, files = self.words_of(text)
        opened = {n: os.open(self.folder / name, os.O_RDONLY) for n, name in files.items()}

        def place_descriptors():
            for number, fd in opened.items():
                os.dup2(fd, number)

        # A session of its own has no terminal: nobody can be asked.
        done = subprocess.run(words, cwd=self.folder, env=environment, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, start_new_session=True,
                              preexec_fn=place_descriptors if opened else None,
                              pass_fds=tuple(files), timeout=self.patience_seconds)
        for fd in opened.values():
            os.close(fd)
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def run_on_terminal(self, text, script):
        words, environment, _ = self.words_of(text)
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execvpe(words[0], words, environment)
        shown = ""
        seen = 0
        deadline = time.monotonic() + self.patience_seconds
        ended = False

        def read_some():
            nonlocal shown, ended
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                raise Different(f"waited too long; the terminal shows:\n{shown}")
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    data = os.read(terminal, 65536)
                except OSError:  # the other side has closed
                    data = b""
                ended = not data
                shown += data.decode(errors="replace").replace("\r\n", "\n")

        for line in script:
            if line.startswith(">>"):
                wanted = self.pattern(line[2:].strip())
                while True:
                    found = re.search(wanted, shown[seen:].replace("\u00a0", " "))
                    if found:
                        self.keep(found)
                        seen += found.end()
                        break
                    if ended:
                        raise Different(f"never shown: {line[2:].strip()}\nit shows:\n{shown}")
                    read_some()
            else:
                keys = self.fill(line[2:]).removeprefix(" ")
                keys = {"^D": "\x04", "^C": "\x03"}.get(keys, keys + "\n")
                os.write(terminal, keys.encode())
        while not ended:
            read_some()
        status = os.waitpid(child, 0)[1]
        os.close(terminal)
        return Answer(os.waitstatus_to_exitcode(status), shown, "")

    # ---- expectations ----

    def fill(self, text):
        def value(match):
            if match.group(1) not in self.values:
                raise Different(f"nothing is kept as ${{{match.group(1)}}}")
            return self.values[match.group(1)]
        return re.sub(r"\$\{([\w.-]+)\}", value, text)

    def pattern(self, text):
        parts = []
        self.names = []
        for part in re.split(r"(<\w+(?::[\w.-]+)?>)", self.fill(text)):
            gap = re.fullmatch(r"<(\w+)(?::([\w.-]+))?>", part)
            if gap and gap.group(1) in GAPS:
                if gap.group(2):
                    self.names.append(gap.group(2))
                    parts.append(f"({GAPS[gap.group(1)]})")
                else:
                    parts.append(f"(?:{GAPS[gap.group(1)]})")
            else:
                parts.append(re.escape(part))
        return "".join(parts)

    def keep(self, match):
        for name, text in zip(self.names, match.groups()):
            self.values[name] = text

    def matches(self, text, actual):
        actual = actual.replace("\u00a0", " ").replace("\u202f", " ")
        found = re.fullmatch(self.pattern(text), actual)
        if found:
            self.keep(found)
        return bool(found)

    def check(self, answer, expected, looked_at):
        code = 0
        out = answer.out.splitlines()
        err = answer.err.splitlines()
        told_out = told_err = told_json = open_end = False
        for line in expected:
            kind, _, text = line.partition(" ")
            if kind == "?":
                code = int(text)
            elif kind == "|...":
                open_end = True
            elif kind == "|":
                told_out = True
                if not out or not self.matches(text, out[0]):
                    raise Different(f"expected: {text}\nsaid:     {out[0] if out else '(no more)'}")
                out.pop(0)
            elif kind == "!":
                told_err = True
                if not any(self.matches(text, said) for said in err):
                    raise Different(f"expected on standard error: {text}")
            elif kind == "=":
                told_json = True
                path, _, wanted = text.partition(" ")
                said = self.at(answer.out, path)
                if not self.matches(wanted, said):
                    raise Different(f"expected at {path}: {wanted}\nis: {said}")
        if answer.exit_code != code:
            raise Different(f"expected exit code {code}, is {answer.exit_code}")
        if told_out and out and not open_end:
            raise Different(f"said more: {out[0]}")
        if code != 0 and not (told_err or told_out or told_json or looked_at):
            raise Different("this refusal is not looked at: tell a line of it")

    def at(self, text, path):
        try:
            value = json.loads(text)
            for part in path.split("."):
                value = len(value) if part == "#" else value[int(part) if part.isdigit() else part]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise Different(f"nothing at {path} of its JSON ({error!r})") from error
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    # ---- files ----

    def play(self, path):
        lines = path.read_text(encoding="utf-8").splitlines()
        i = 0
        while i < len(lines):
            line = lines[i]
            where = f"{path.name}:{i + 1}"
            i += 1
            if not line.strip() or line.startswith("#"):
                continue
            try:
                if line.split()[0] == "@server":
                    self.serve_options = line.split()[1:]
                    self.make_ledger()
                    self.start_server()
                elif line.startswith("@witnesses "):
                    self.witnesses = line.split()[1:]
                elif line == "@stop":
                    self.stop_server()
                elif line == "@start":
                    self.start_server()
                elif line.startswith("@include "):
                    self.play(path.parent / line.split()[1])
                elif line.startswith("@as "):
                    self.profile = line.split()[1]
                elif line.startswith("@file "):
                    content = []
                    while i < len(lines) and lines[i].startswith("    "):
                        content.append(self.fill(lines[i][4:]) + "\n")
                        i += 1
                    target = self.folder / line.split()[1]
                    target.write_text("".join(content), encoding="utf-8")
                    target.chmod(0o600)
                elif line.startswith("$"):
                    expected = []
                    script = []
                    while i < len(lines) and re.match(r"\?|\||!|=|>>|<<", lines[i]):
                        (script if lines[i][:2] in (">>", "<<") else expected).append(lines[i])
                        i += 1
                    self.play_command(line, script, expected)
                else:
                    raise Different("this line is no line of a transcript")
            except Different as error:
                raise Different(f"{where}: {line}\n{error}") from None

    def play_command(self, line, script, expected):
        if line.startswith("$tty "):
            answer = self.run_on_terminal(line[5:], script)
        else:
            answer = self.run(line[2:])
        try:
            self.check(answer, expected, any(l.startswith(">>") for l in script))
        except Different as error:
            raise Different(f"{error}\n---- standard output ----\n{answer.out}"
                            f"---- standard error ----\n{answer.err}----") from None


def main():
    folder = tempfile.mkdtemp(prefix="kengred-cli-")
    play = Play(folder)
    try:
        play.play(Path(sys.argv[1]))
    except Different as error:
        print(error)
        log = Path(folder) / "server.log"
        if log.exists():
            print("---- the end of the server's log ----")
            print("\n".join(log.read_text(encoding="utf-8").splitlines()[-20:]))
        return 1
    finally:
        play.stop_server()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

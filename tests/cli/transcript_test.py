#!/usr/bin/env python3
"""Goal: a transcript that is not what is said fails.

Method: a program named kengred that says and asks what it is told, and transcripts about it, good and
wrong by one thing.
"""

import os
import tempfile
import unittest
from pathlib import Path

from transcript import Different, Play

PROGRAM = """#!/bin/sh
case "$1" in
  --profile) echo "profile $2"; exit 0 ;;
  say) echo "$2" ;;
  both) echo out; echo err >&2; echo more >&2 ;;
  fail) echo "error: $2" >&2; exit "$3" ;;
  json) echo '{"a": [{"b": "x", "n": 7}], "none": null}' ;;
  env) echo "$WORD" ;;
  fd) cat <&3 ;;
  ask) printf 'Name? '; read -r name; echo "Hello $name"; test "$name" = yann ;;
  tty) test -t 0 && echo yes || echo no ;;
esac
"""


class TranscriptTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        bin_folder = Path(self.folder.name) / "bin"
        bin_folder.mkdir()
        program = bin_folder / "kengred"
        program.write_text(PROGRAM, encoding="utf-8")
        program.chmod(0o755)
        os.environ["KENGRED_BIN_DIR"] = str(bin_folder)

    def tearDown(self):
        self.folder.cleanup()

    def play(self, text):
        path = Path(self.folder.name) / "t.txt"
        path.write_text(text, encoding="utf-8")
        play = Play(self.folder.name)
        # What is never shown is waited for so long.
        play.patience_seconds = 5
        play.play(path)

    def good(self, text):
        self.play(text)

    def bad(self, text):
        with self.assertRaises(Different):
            self.play(text)

    def test_standard_output_is_told_completely(self):
        self.good("$ kengred say hello\n| hello\n")
        self.bad("$ kengred say hello\n| hallo\n")
        self.bad("$ kengred say hello\n| hello\n| more\n")
        self.bad("$ kengred json\n| {\n")
        self.good("$ kengred json\n|...\n")

    def test_exit_codes(self):
        self.good("$ kengred fail no 3\n? 3\n! error: no\n")
        self.bad("$ kengred fail no 3\n? 4\n! error: no\n")
        self.bad("$ kengred fail no 3\n! error: no\n")
        self.bad("$ kengred fail no 3\n? 3\n! error: yes\n")
        # A refusal must be looked at.
        self.bad("$ kengred fail no 3\n? 3\n")

    def test_standard_error_is_apart(self):
        self.good("$ kengred both\n| out\n! more\n")
        self.bad("$ kengred both\n| out\n| err\n")
        self.bad("$ kengred both\n! out\n")

    def test_json(self):
        self.good("$ kengred json\n= a.0.b x\n= a.0.n 7\n= a.# 1\n= none null\n")
        self.bad("$ kengred json\n= a.0.b y\n")
        self.bad("$ kengred json\n= a.1.b x\n")
        self.bad("$ kengred say hello\n= a x\n")

    def test_gaps_and_what_is_kept(self):
        key = "0123456789" * 4
        self.good(f"$ kengred say {key}\n| <hex:k>\n$ kengred say ${{k}}\n| {key}\n")
        self.bad("$ kengred say abc\n| <hex>\n")
        self.bad("$ kengred say x12\n| <n>\n")
        self.good("$ kengred say x12\n| x<n>\n")
        self.bad("$ kengred say a\n| ${unknown}\n")

    def test_environment_files_profiles(self):
        self.good("$ WORD=here kengred env\n| here\n")
        self.good("@file f\n    secret\n$ kengred fd 3<f\n| secret\n")
        self.good("@as yann\n$ kengred say x\n| profile yann\n")

    def test_terminals(self):
        self.good("$ kengred tty\n| no\n")
        self.good("$tty kengred tty\n>> yes\n")
        self.good("$tty kengred ask\n>> Name?\n<< yann\n>> Hello yann\n")
        self.good("$tty kengred ask\n>> Name?\n<< anne\n>> Hello anne\n? 1\n| Name? anne\n|...\n")
        self.bad("$tty kengred ask\n>> Name?\n<< anne\n>> Hello anne\n| Name? anne\n|...\n")
        self.bad("$tty kengred ask\n>> Age?\n<< yann\n")
        self.bad("$tty kengred ask\n>> Name?\n<< anne\n>> Hello yann\n")

    def test_other_lines_are_refused(self):
        self.bad("hello\n")
        self.bad("| hello\n")


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Every command and option has help, a manual page and completion in both shells:
pages_test.py CHATTERBOX PAGES"""
import functools
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

CHATTERBOX = PAGES = pathlib.Path()


@functools.lru_cache(None)
def output(*words):
    return subprocess.run([CHATTERBOX, *words], capture_output=True, text=True, check=True).stdout


def commands():
    """The names of the overview: "say", "models fetch"."""
    return [match.group(1) for match in
            re.finditer(r"^  ([a-z]+(?: [a-z]+)?) {2,}\S", output("--help"), re.M)]


def options(name):
    return re.findall(r"^  (?:-\w, |    )--([a-z-]+)", output(*name.split(), "--help"), re.M)


class PagesTest(unittest.TestCase):
    def test_there_are_commands(self):
        self.assertGreater(len(commands()), 15)
        for name in commands():
            self.assertIn("json", options(name))

    def test_manual(self):
        overview = (PAGES / "chatterbox.1").read_text()
        for name in commands():
            page = (PAGES / f"chatterbox-{name.split()[0]}.1").read_text()
            self.assertIn(f"\\fB{name}\\fR", overview)
            self.assertIn(f".B chatterbox {name}\n", page)
            for option in options(name):
                self.assertIn(option.replace("-", "\\-"), page, name)
        self.assertEqual(len(list(PAGES.glob("*.1"))),
                         1 + len({name.split()[0] for name in commands()}))

    def test_manual_is_clean(self):
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        for page in PAGES.glob("*.1"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page],
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page.name)

    def complete(self, *words):
        """What bash offers for the last of the words."""
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _chatterbox; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(
            ["bash", "-c", script, "bash", PAGES / "chatterbox", "chatterbox", *words],
            capture_output=True, text=True, check=True,
            env={"PATH": f"{CHATTERBOX.parent}:/usr/bin:/bin",
                 "HOME": "/nonexistent"})
        return done.stdout.split()

    def test_bash(self):
        for name in commands():
            words = name.split()
            for depth in range(len(words)):
                self.assertIn(words[depth], self.complete(*words[:depth], ""))
            self.assertEqual({"--" + option for option in options(name)},
                             set(self.complete(*words, "--")), name)
        self.assertIn("nano", self.complete("models", "fetch", "n"))
        self.assertIn("int8", self.complete("say", "--dtype", "i"))

    def test_zsh(self):
        text = (PAGES / "_chatterbox").read_text()
        for name in commands():
            self.assertIn(f"'{name}') _arguments", text)
            for option in options(name):
                self.assertIn(f"'--{option}[", text, name)
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed: its completion was not parsed")
        subprocess.run(["zsh", "-n", PAGES / "_chatterbox"], check=True)

    def test_refuses_what_it_does_not_know(self):
        for words in ([], ["sing"], ["models"], ["models", "sing"], ["say", "--no-such"],
                      ["say", "--voice"], ["models", "path"], ["say", "--dtype", "int3", "x"],
                      ["say", "--json=yes", "x"]):
            done = subprocess.run([CHATTERBOX, *words], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual(len(done.stderr.splitlines()), 1, words)


if __name__ == "__main__":
    CHATTERBOX, PAGES = [pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2)]
    unittest.main()

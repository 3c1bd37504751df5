# SPDX-License-Identifier: MIT
"""Functions of the C library that a program takes from a test: compiled, and loaded before its own."""
import os
import shutil
import subprocess
import tempfile


class Missing(Exception):
    """Why there can be none here."""


class Shim:
    """`source` in C, and a file that it reads or writes, whose path is in the variable `control`."""

    def __init__(self, source, control):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler or "LD_PRELOAD" in os.environ:
            raise Missing("no C compiler, or a sanitizer that has to be loaded first")
        self.folder = tempfile.mkdtemp(prefix="chatterbox-shim-")
        code, library, self.control = (os.path.join(self.folder, name) for name in ("shim.c", "shim.so", "control"))
        with open(code, "w", encoding="ascii") as file:
            file.write(source)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, code, "-ldl"], check=True)
        # For the program.
        self.environment = {"LD_PRELOAD": library, control: self.control}

    def tell(self, text):
        """What the file holds from now on."""
        with open(self.control + ".new", "w", encoding="ascii") as file:
            file.write(text)
        # In one step: the program may be reading it.
        os.rename(self.control + ".new", self.control)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def shim_or_skip(test, kind):
    try:
        return kind()
    except Missing as why:
        test.skipTest(str(why))

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Runs the command lines of a page that call chatterbox, one after the other, in a new directory:
docs_test.py CHATTERBOX TREE PAGE..."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile


def lines_of(page):
    for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S):
        for line in block.splitlines():
            if re.search(r"(^|\| )chatterbox ", line) and " models fetch" not in line:
                yield line


def main():
    chatterbox, tree, *pages = [pathlib.Path(word).resolve() for word in sys.argv[1:]]
    failed = ran = 0
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory, "work")
        work.mkdir()
        for name in ("README.md", "examples", "voices"):
            (work / name).symlink_to(tree / name)
        environment = {**os.environ, "HOME": directory,
                       "XDG_DATA_HOME": f"{directory}/data", "XDG_CACHE_HOME": f"{directory}/cache",
                       "PATH": f"{chatterbox.resolve().parent}:{os.environ['PATH']}"}
        for page in pages:
            for line in lines_of(page):
                done = subprocess.run(["bash", "-eo", "pipefail", "-c", line], cwd=work,
                                      env=environment, capture_output=True, text=True)
                ran += 1
                if done.returncode:
                    failed += 1
                    print(f"{page.name}: {line}\n  exit status {done.returncode}: "
                          f"{done.stdout}{done.stderr}")
        empty = [path.name for path in work.iterdir()
                 if path.is_file() and not path.is_symlink() and path.stat().st_size < 40]
        if empty:
            failed += 1
            print(f"expected files with something in them, got {empty}")
        hidden = [path.name for path in work.iterdir() if path.name.startswith(".")]
        if hidden:
            failed += 1
            print(f"expected no unfinished files, got {hidden}")
    print(f"{ran} lines, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())

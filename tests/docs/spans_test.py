#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Commands, settings and files that sentences and tables name between backticks exist:
spans_test.py TREE BUILD PAGE...

A command of chatterbox has the options that are given to it, NAME=VALUE is a property of an element or a
setting of the server, a path of the tree leads somewhere, a program of the build is one of its targets."""
import functools
import json
import pathlib
import re
import subprocess
import sys

FOLDERS = "cli debian docs examples gst lib models scripts sidecar tests tools voices".split()
# Of NAME=VALUE: what belongs to other programs.
FOREIGN = {"alloy", "duration", "fsync", "gender", "level", "media.class", "property", "ttl", "voice_id", "wait"}
# Paths that are made by what the page tells to do, or that are another's.
ELSEWHERE = re.compile(r"docs/api|models/[A-Z]|models/(turbo|nano)\b|gst/common\.cpp|sidecar/api\.cpp")

TREE = BUILD = pathlib.Path()


@functools.lru_cache(None)
def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def chatterbox(*words):
    return output(str(BUILD / "cli" / "chatterbox"), *words)


@functools.lru_cache(None)
def commands():
    """"say", "models fetch" and the first words of such."""
    found = set(re.findall(r"^  ([a-z]+(?: [a-z]+)?) {2,}\S", chatterbox("--help"), re.M))
    return found | {name.split()[0] for name in found}


@functools.lru_cache(None)
def settings():
    """Names of the server's."""
    return set(re.findall(r"--([a-z][a-z0-9-]+)", output(str(BUILD / "sidecar" / "chatterbox-server"),
                                                         "--help")))


@functools.lru_cache(None)
def properties():
    return {name for element in ("chatterboxtts", "chatterboxvc", "chatterboxclone")
            for name in re.findall(r"^  ([a-z][a-z0-9-]*) +: ", output("gst-inspect-1.0", element), re.M)}


@functools.lru_cache(None)
def targets():
    """Files that the build makes."""
    told = json.loads(output("meson", "introspect", "--targets", str(BUILD)))
    return {str(pathlib.Path(file).relative_to(BUILD)) for target in told for file in target["filename"]}


def faults_of_command(span):
    words = span.split()[1:]
    name = " ".join(words[:2]) if " ".join(words[:2]) in commands() else "".join(words[:1])
    if not words or name.startswith("-") or name.isupper():
        return
    if name not in commands() and not all(part in " ".join(commands()) for part in name.split("|")):
        yield f"there is no command 'chatterbox {name}'"
        return
    known = chatterbox(*name.split(), "--help") if name in commands() else ""
    for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", span):
        if known and option not in known and option not in ("--help", "--version"):
            yield f"'chatterbox {name}' has no option {option}"


def faults_of(span):
    """What is wrong with the words between two backticks."""
    if re.match(r"chatterbox [a-z-]", span):
        yield from faults_of_command(span)
    if span.startswith("chatterbox-server "):
        for option in re.findall(r"(?<!\S)--([a-z][a-z0-9-]*)", span):
            if option not in settings():
                yield f"the server has no setting {option}"
    if match := re.fullmatch(r"([a-z][a-z0-9._-]*)=[^ ]*", span):
        if match[1] not in properties() | settings() | FOREIGN:
            yield f"no element and no server has '{match[1]}'"
    for path in re.findall(rf"(?<![\w/.:~$-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w(?![\w./-]*\*)", span):
        if not ELSEWHERE.search(path) and not (TREE / path).exists() and not any(
                TREE.glob(path + ".*")):
            yield f"there is no {path} in the tree"
    for path in re.findall(r"(?<![\w/])build/([\w./-]*\w)", span):
        if path not in targets() and path not in ("gst", "site/html"):
            yield f"the build makes no {path}"


def spans_of(page):
    """(line, words) between backticks, outside of blocks."""
    fenced = False
    for number, line in enumerate((TREE / page).read_text().splitlines(), 1):
        fenced ^= line.startswith("```")
        if not fenced:
            for span in re.findall(r"`([^`]+)`", line):
                yield number, span


def main():
    global TREE, BUILD
    TREE, BUILD = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    looked = failed = 0
    for path in sys.argv[3:]:
        page = pathlib.Path(path).resolve().relative_to(TREE)
        for line, span in spans_of(page):
            looked += 1
            for fault in faults_of(span):
                failed += 1
                print(f"{page}:{line}: `{span}`: {fault}")
    print(f"{looked} spans, {failed} faults")
    return 1 if failed or not looked else 0


if __name__ == "__main__":
    sys.exit(main())

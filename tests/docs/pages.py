# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""What a page of the documentation shows as code."""
import dataclasses
import pathlib
import re


@dataclasses.dataclass
class Block:
    page: str      # from the top of the tree
    line: int      # of its first line, from 1
    language: str  # behind the fence; "indented" for a block without fences
    text: str

    @property
    def first(self):
        """Its first line, by which lists name it."""
        return self.text.strip().split("\n")[0].strip()

    def __str__(self):
        return f"{self.page}:{self.line}: {self.first}"


def blocks_of(tree, page):
    """Fenced blocks of a page, and the first line of each that is only indented."""
    blocks, fenced, blank = [], None, True
    for number, line in enumerate((tree / page).read_text().splitlines(), 1):
        if fenced:
            if line.strip() == "```":
                blocks.append(fenced)
                fenced = None
            else:
                fenced.text += line + "\n"
        elif line.startswith("```"):
            fenced = Block(page, number + 1, line[3:].strip(), "")
        elif blank and re.match(r" {4}\S", line):
            blocks.append(Block(page, number, "indented", line))
        blank = not line.strip()
    if fenced:
        raise ValueError(f"{fenced}: expected a fence at its end")
    return blocks


def pages_of(tree):
    """Pages that users read."""
    tree = pathlib.Path(tree)
    found = [tree / "README.md", *(tree / "docs").rglob("*.md"), *(tree / "examples").rglob("*.md")]
    return sorted(str(page.relative_to(tree)) for page in found)


def commands_of(text):
    """The commands of a block, continued lines joined, comments and blank lines left out."""
    return [line.strip() for line in text.replace("\\\n", " ").splitlines()
            if line.strip() and not line.lstrip().startswith("#")]

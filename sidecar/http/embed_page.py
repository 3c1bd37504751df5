#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the files of the page as C++ string literals: embed_page.py page_files.h FILE..."""
import os
import sys

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write("#pragma once\n\nnamespace chatterbox::sidecar {\n\n"
              "struct PageFile {\n  const char *name, *type, *text;\n};\n\n"
              "inline constexpr PageFile kPageFiles[] = {\n")
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert ')page"' not in text
        name = os.path.basename(path)
        out.write('{"%s", "%s", R"page(%s)page"},\n' % (name, TYPES[os.path.splitext(name)[1]], text))
    out.write("};\n\n}  // namespace chatterbox::sidecar\n")

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a JSON file as a C++ string: embed_manifest.py published_manifest.h FILE"""
import json
import sys

with open(sys.argv[2], encoding="utf-8") as file:
    text = json.dumps(json.load(file), indent=1)
assert ')json"' not in text
with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write("#pragma once\n\nnamespace chatterbox::cli {\n\ninline constexpr char "
              "kPublishedManifest[] = R\"json(%s)json\";\n\n}  // namespace chatterbox::cli\n" % text)

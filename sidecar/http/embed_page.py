#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes page.html as a C++ string literal: embed_page.py page.html page_html.h"""
import sys

with open(sys.argv[1], encoding="utf-8") as page, open(sys.argv[2], "w", encoding="utf-8") as out:
    text = page.read()
    assert ')page"' not in text
    out.write("#pragma once\n\nnamespace chatterbox::sidecar {\n\n")
    out.write('inline constexpr const char* kPageHtml = R"page(' + text + ')page";\n\n')
    out.write("}  // namespace chatterbox::sidecar\n")

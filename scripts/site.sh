#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the documentation as a site in build/site/html (or DIR): scripts/site.sh [DIR]
# Needs mkdocs and doxygen, as Debian has them. Pages keep their places in the tree, so links between
# them and to sources hold on the site too; the C++ interface is in docs/api.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
. "$root/scripts/setup.sh"
for program in mkdocs doxygen; do
  command -v "$program" >/dev/null || fail "expected $program; install Debian's package $program"
done
target="${1:-$root/build/site/html}"
pages="$(mktemp -d)"
trap 'rm -rf "$pages"' EXIT

# What public headers say. A comment that doxygen cannot make sense of is an error.
mkdir -p "$pages/docs"
(
  cat <<DOXYGEN
PROJECT_NAME = libchatterbox
INPUT = $root/lib/include/chatterbox
STRIP_FROM_PATH = $root/lib/include
OUTPUT_DIRECTORY = $pages/docs
HTML_OUTPUT = api
GENERATE_LATEX = NO
EXTRACT_ALL = YES
HIDE_UNDOC_CLASSES = NO
EXTRACT_STATIC = YES
JAVADOC_AUTOBRIEF = YES
ENABLE_PREPROCESSING = YES
SEARCHENGINE = YES
HAVE_DOT = NO
QUIET = YES
WARN_IF_UNDOCUMENTED = NO
WARN_AS_ERROR = FAIL_ON_WARNINGS
# Comments are plain; doxygen reads those that begin with a third slash.
INPUT_FILTER = "sed -E 's,^([ ]*)// ([^S]|S[^P]),\1/// \2,; s,^([ ]*)//$,\1///,; s,; // (.*)$,; ///< \1,'"
DOXYGEN
) | doxygen - >"$pages.doxygen" 2>&1 || { cat "$pages.doxygen" >&2; rm -f "$pages.doxygen"; fail "doxygen failed"; }
rm -f "$pages.doxygen"

python3 - "$root" "$pages" <<'PYTHON'
"""Copies the pages and what they link to, and refuses links to nothing."""
import pathlib, re, shutil, sys

root, target = map(pathlib.Path, sys.argv[1:])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
named = set(re.findall(r"\S+\.md$", (root / "mkdocs.yml").read_text(), re.M))
written = {str(page.relative_to(root)) for page in (root / "docs").rglob("*.md")}
if written - named:
    print(f"mkdocs.yml has no line for these, which only the search finds: {sorted(written - named)}")
pages = [root / name for name in sorted(named | written)]
done, broken = set(), []
while pages:
    page = pages.pop()
    if page in done:
        continue
    done.add(page)
    copy = target / page.relative_to(root)
    copy.parent.mkdir(parents=True, exist_ok=True)
    text = page.read_text()

    def followed(match):
        link = match.group(1)
        if "://" in link:
            return match.group(0)
        if (target / page.parent.relative_to(root) / link).is_file():
            return match.group(0)  # made for the site, as the C++ interface is
        linked = (page.parent / link).resolve()
        if linked.is_dir() and (linked / "README.md").is_file():
            linked = linked / "README.md"
            link = link.rstrip("/") + "/README.md"
        if linked.is_dir():
            return match.group(0).replace(match.group(0), "]")  # a folder has no page
        if not linked.is_file():
            broken.append(f"{page.relative_to(root)}: {link}")
        elif linked.suffix == ".md":
            pages.append(linked)
        else:
            place = target / linked.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(linked, place)
        return match.group(0).replace(match.group(1), link, 1)

    copy.write_text(LINK.sub(followed, text))
if broken:
    sys.exit("links to nothing:\n" + "\n".join(broken))
PYTHON

sed -e "s,^docs_dir:.*,docs_dir: $pages," -e "s,^site_dir:.*,site_dir: $target," \
  "$root/mkdocs.yml" >"$pages.yml"
mkdocs build --quiet --clean --config-file "$pages.yml" || { rm -f "$pages.yml"; fail "the site did not build"; }
rm -f "$pages.yml"
say "the site is in $target"

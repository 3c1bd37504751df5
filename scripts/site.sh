#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the documentation as a site in build/site/html (or DIR): scripts/site.sh [DIR]
# Needs mkdocs, as Debian has it. Pages keep their places in the tree, so links between them and
# to sources hold on the site too.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
. "$root/scripts/setup.sh"
command -v mkdocs >/dev/null || fail "expected mkdocs; install Debian's package mkdocs"
target="${1:-$root/build/site/html}"
pages="$(mktemp -d)"
trap 'rm -rf "$pages"' EXIT

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

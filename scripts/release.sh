#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes a release of what is committed: scripts/release.sh [--tag] [--no-packages] [--no-tests] [DIR]
# A tarball by meson dist, the suite run from it, Debian packages, the changelog's section, and
# SHA-256 sums, in DIR (build/release). --tag: also the tag vVERSION, which nothing pushes.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
. "$root/scripts/setup.sh"
tag="" packages=yes tests=yes out=""
while [ $# -gt 0 ]; do
  case "$1" in
    --tag) tag=yes ;;
    --no-packages) packages="" ;;
    --no-tests) tests="" ;;
    -*) fail "usage: $0 [--tag] [--no-packages] [--no-tests] [DIR]" ;;
    *) out="$1" ;;
  esac
  shift
done
out="$(mkdir -p "${out:-$root/build/release}" && cd "${out:-$root/build/release}" && pwd)"
version="$(sed -n "s/^  version: '\(.*\)',/\1/p" "$root/meson.build" | head -1)"

# What has to agree before anything is made.
[ -z "$(git -C "$root" status --porcelain)" ] || fail "expected a tree without changes; commit them first"
grep -q "^## $version" "$root/CHANGELOG.md" ||
  fail "expected a section '## $version' in CHANGELOG.md, got none: rename Unreleased"
[ "$(sed -n '1s/.*(\(.*\)-[^-]*).*/\1/p' "$root/debian/changelog")" = "$version" ] ||
  fail "expected version $version in debian/changelog, got: $(head -1 "$root/debian/changelog")"
if git -C "$root" rev-parse -q --verify "refs/tags/v$version" >/dev/null; then
  fail "expected a new version, got $version, which is tagged"
fi

say "Release $version in $out"
awk -v version="$version" '/^## / {inside = ($2 == version); next} inside' "$root/CHANGELOG.md" \
  >"$out/release-notes-$version.md"
build="$(mktemp -d)"
trap 'rm -rf "$build"' EXIT
meson setup "$build/dist" "$root" -Dtests=disabled >"$build/setup.log" 2>&1 ||
  { tail -20 "$build/setup.log" >&2; fail "meson setup failed"; }
meson dist -C "$build/dist" --no-tests >"$build/dist.log" 2>&1 ||
  { tail -20 "$build/dist.log" >&2; fail "meson dist failed"; }
cp "$build/dist/meson-dist/gst-chatterbox-$version.tar.xz" "$out"

say "Configuring from the tarball"
tar -C "$build" -xf "$out/gst-chatterbox-$version.tar.xz"
if [ -n "$tests" ]; then
  meson setup "$build/tree" "$build/gst-chatterbox-$version" -Dtests=enabled >"$build/setup.log" 2>&1 ||
    { tail -20 "$build/setup.log" >&2; fail "the tarball cannot be configured"; }
  ninja -C "$build/tree" >"$build/ninja.log" 2>&1 ||
    { tail -20 "$build/ninja.log" >&2; fail "the tarball does not build"; }
  meson test -C "$build/tree" --no-rebuild || fail "the suite fails in the tarball"
else
  meson setup "$build/tree" "$build/gst-chatterbox-$version" -Dtests=disabled >"$build/setup.log" 2>&1 ||
    { tail -20 "$build/setup.log" >&2; fail "the tarball cannot be configured"; }
fi
if [ -n "$packages" ]; then
  "$root/scripts/package.sh" --out "$build/packages" build
  cp "$build/packages"/*.deb "$out"
fi
(cd "$out" && sha256sum ./*.tar.xz ./*.md $([ -z "$packages" ] || ls ./*.deb) >SHA256SUMS)
if [ -n "$tag" ]; then
  git -C "$root" tag -a "v$version" -m "gst-chatterbox $version"
  say "tagged v$version"
fi
say "done: $(ls "$out" | wc -l) files in $out"

#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes a release of what is committed:
#   scripts/release.sh [--tag] [--no-packages] [--roots DIR] [--no-tests | --tests "NAME..."] [DIR]
# A tarball by meson dist, the suite (or what is named of it) run from it, packages for Debian 12 and
# 13 (scripts/package.sh, as root; --roots as there), the changelog's section, and SHA-256 sums, in
# DIR (build/release). --tag: also the tag vVERSION, which nothing pushes.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
. "$root/scripts/setup.sh"
usage="usage: $0 [--tag] [--no-packages] [--roots DIR] [--no-tests | --tests \"NAME...\"] [DIR]"
tag="" packages=yes tests=yes names="" roots="" out=""
while [ $# -gt 0 ]; do
  case "$1" in
    --tag) tag=yes ;;
    --no-packages) packages="" ;;
    --no-tests) tests="" ;;
    --tests) names="${2:?$usage}"; shift ;;
    --roots) roots="${2:?$usage}"; shift ;;
    -*) fail "$usage" ;;
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
grep -q "<release version=\"$version\"" "$root/gst/org.gst_chatterbox.plugin.metainfo.xml" ||
  fail "expected <release version=\"$version\"...> in gst/org.gst_chatterbox.plugin.metainfo.xml, got none"
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
tree="$build/gst-chatterbox-$version"
meson setup "$tree/build" "$tree" "-Dtests=$([ -n "$tests" ] && echo enabled || echo disabled)" \
  >"$build/setup.log" 2>&1 || { tail -20 "$build/setup.log" >&2; fail "the tarball cannot be configured"; }
if [ -n "$tests" ]; then
  ninja -C "$tree/build" >"$build/ninja.log" 2>&1 ||
    { tail -20 "$build/ninja.log" >&2; fail "the tarball does not build"; }
  # shellcheck disable=SC2086
  meson test -C "$tree/build" --no-rebuild $names || fail "the suite fails in the tarball"
fi
if [ -n "$packages" ]; then
  for release in bookworm trixie; do
    "$root/scripts/package.sh" --release "$release" --out "$build/$release" ${roots:+--roots "$roots"} build
    mkdir -p "$out/$release"
    find "$build/$release" -maxdepth 1 -type f ! -name '*.log' -exec cp {} "$out/$release" \;
  done
fi
(cd "$out" && find . -type f ! -name SHA256SUMS | sort | xargs sha256sum >SHA256SUMS)
if [ -n "$tag" ]; then
  git -C "$root" tag -a "v$version" -m "gst-chatterbox $version"
  say "tagged v$version"
fi
say "done: $(find "$out" -type f | wc -l) files in $out"

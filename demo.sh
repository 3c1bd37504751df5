#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Speaks a text through a gst-launch pipeline with the small model in the tree.
#   ./demo.sh "Any text" [out.wav]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$root/scripts/setup.sh"

usage="usage: $0 TEXT [OUT.wav]
Speaks TEXT into OUT.wav (out.wav when not given)."
case "${1:-}" in --help | -h) printf '%s\n' "$usage"; exit 0 ;; esac
if [ $# -lt 1 ] || [ $# -gt 2 ] || [ -z "${1//[[:space:]]/}" ]; then
  printf '%s\n' "$usage" >&2
  exit 2
fi
text="$1"
out="${2:-out.wav}"
case "$out" in /*) ;; *) out="$PWD/$out" ;; esac
[ -d "$(dirname "$out")" ] || fail "the folder of $out does not exist"

# shellcheck disable=SC2086
install_missing $build_packages
# The elements alone: `ninja -C build` makes the server and the command too.
build_targets="gst/libgstchatterbox.so"
build_tree "$root/build" -Dtests=disabled

# The text travels on standard input, so no character in it needs quoting.
say "Speaking"
printf '%s' "$text" | meson devenv -C "$root/build" \
  gst-launch-1.0 -q fdsrc fd=0 ! chatterboxtts ! wavenc ! filesink location="$out"
say "Wrote $out"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs the whole suite.
#   ./test.sh                 every suite, in build/
#   ./test.sh --sanitize      the same under AddressSanitizer and UBSAN, in build-sanitize/
#   ./test.sh --sanitize=thread   the elements over a scripted engine under
#                             ThreadSanitizer, in build-tsan/
#   ./test.sh NAME...         only tests or suites whose name matches
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$root/scripts/setup.sh"

case "${1:-}" in --help | -h) sed -n '3,/^set/{s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac
build="$root/build"
options=() preload=""
if [ "${1:-}" = "--sanitize" ]; then
  shift
  build="$root/build-sanitize"
  options=(-Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized)
  # libtorch and GLib keep memory for the life of the process by design.
  export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"
  export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1:${UBSAN_OPTIONS:-}"
  # gst-launch-1.0, which is not built for it, loads a plugin that is. And it is a C program:
  # the sanitizer looks for the C++ runtime once, at the start, and ends the process when an
  # exception is thrown later (libsrt throws to end a wait).
  preload="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libstdc++.so)"
  # A registry remembers a plugin that could not be loaded, for as long as that does not change.
  rm -f "$build"/tests/gst/registry*.bin
fi

if [ "${1:-}" = "--sanitize=thread" ]; then
  shift
  build="$root/build-tsan"
  options=(-Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized)
  # libtorch is not built for it: only what runs without it is of use.
  build_targets="scripted-element-tests"
  [ $# -gt 0 ] || set -- --suite scripted
  export TSAN_OPTIONS="suppressions=$root/tests/gst/tsan.supp:ignore_noninstrumented_modules=1:${TSAN_OPTIONS:-}"
fi

# shellcheck disable=SC2086
install_missing $build_packages $test_packages
# shellcheck disable=SC2086
install_optional $optional_packages $optional_test_packages
# demo.sh may have configured the same folder without tests.
[ ! -f "$build/build.ninja" ] || meson configure "$build" -Dtests=enabled >/dev/null
build_tree "$build" -Dtests=enabled "${options[@]}"

say "Testing"
status=0
LD_PRELOAD="$preload" meson test -C "$build" --no-rebuild --print-errorlogs --num-processes "$(nproc)" "$@" || status=$?
python3 "$root/scripts/test_summary.py" "$build/meson-logs/testlog.json"
exit "$status"

#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples in Python, where there is a Python that knows GStreamer:
# python_example_test.sh DIRECTORY
set -eu
python=""
for candidate in /usr/bin/python3 python3; do
  if "$candidate" -c 'import gi; gi.require_version("Gst", "1.0"); from gi.repository import Gst' 2>/dev/null; then
    python="$candidate"
    break
  fi
done
if [ -z "$python" ]; then
  echo "skipped: no Python with GObject introspection of GStreamer (python3-gi, gir1.2-gstreamer-1.0)"
  exit 77
fi
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

"$python" "$1/say.py" "Hello from Python." "$folder/say.wav" Amy >"$folder/words"
[ "$(awk '{print $2}' "$folder/words" | tr '\n' ' ')" = "Hello from Python. " ] || {
  echo "expected the words with their times, got:" >&2
  cat "$folder/words" >&2
  exit 1
}
[ "$(wc -c <"$folder/say.wav")" -gt 30000 ]
printf 'The first line.\nThe second line.\n' | "$python" "$1/conversation.py" "$folder/lines.wav"
[ "$(wc -c <"$folder/lines.wav")" -gt 60000 ] || {
  echo "expected two lines of speech, got $(wc -c <"$folder/lines.wav") bytes" >&2
  exit 1
}

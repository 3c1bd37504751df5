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

# Music at 6 kHz is as loud as it was outside of speech, and 16 dB quieter in it.
gst-launch-1.0 -q audiotestsrc freq=6000 volume=0.5 num-buffers=350 ! audio/x-raw,rate=48000 ! \
  wavenc ! filesink location="$folder/tone.wav"
printf '1\n00:00:01,500 --> 00:00:03,000\nHello there.\n' >"$folder/one.srt"
"$python" "$1/duck.py" "$folder/tone.wav" "$folder/one.srt" "$folder/ducked.wav" >"$folder/times"
"$python" - "$folder/ducked.wav" $(cat "$folder/times") <<'END'
import array, cmath, math, sys, wave

with wave.open(sys.argv[1]) as sound:
    rate, channels = sound.getframerate(), sound.getnchannels()
    samples = array.array("h", sound.readframes(sound.getnframes()))[::channels]


def level(at):
    piece = samples[int(at * rate):int((at + 0.1) * rate)]
    turns = (v * cmath.exp(-2j * math.pi * 6000 * i / rate) for i, v in enumerate(piece))
    return abs(sum(turns)) * 2 / len(piece) / 32768


begin, end = map(float, sys.argv[2:])
for at, expected in ((0.5, 0.5), (begin + 0.1, 0.075), (end - 0.2, 0.075), (end + 0.4, 0.5)):
    if abs(level(at) - expected) > 0.02:
        sys.exit(f"expected music of {expected} at {at} s, got {level(at):.3f}")
END

#!/bin/sh
# SPDX-License-Identifier: MIT
# The name of a model works wherever its path does: names_test.sh CHATTERBOX CHATTERBOX_TTS MODEL
set -eu
chatterbox="$1" tts="$2" model="$3"
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
export XDG_DATA_HOME="$directory/data"
mkdir -p "$XDG_DATA_HOME/gst-chatterbox/models"
ln -s "$model" "$XDG_DATA_HOME/gst-chatterbox/models/tiny"
# The watermark's weights are found beside the model, through the link too.
unset CHATTERBOX_MODEL_PATH CHATTERBOX_WATERMARK_PATH

check() {
  [ "$(head -c 4 "$1")" = RIFF ] && [ "$(wc -c <"$1")" -gt 20000 ] || {
    echo "expected speech in $1, got $(wc -c <"$1") bytes" >&2
    exit 1
  }
}

[ "$("$chatterbox" models path tiny)" = "$XDG_DATA_HOME/gst-chatterbox/models/tiny" ]
"$tts" tiny "A name." "$directory/library.wav" >/dev/null
check "$directory/library.wav"
gst-launch-1.0 -q chatterboxtts model-path=tiny text="A name." ! wavenc ! filesink location="$directory/property.wav"
check "$directory/property.wav"
CHATTERBOX_MODEL_PATH=tiny gst-launch-1.0 -q chatterboxtts text="A name." ! wavenc ! filesink location="$directory/variable.wav"
check "$directory/variable.wav"
if gst-launch-1.0 -q chatterboxtts model-path=nano text="A name." ! fakesink 2>"$directory/told"; then
  echo "expected an error for a model that is not here" >&2
  exit 1
fi
grep -q "chatterbox models fetch nano" "$directory/told"

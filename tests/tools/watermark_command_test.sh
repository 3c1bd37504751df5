#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# watermark_command_test.sh PROGRAM VOICE: the element marks unless told not to, and
# chatterbox-watermark says so in its exit status; it marks recordings itself. VOICE is a
# recording of the library, which the model spoke: marked, after Opus.
set -eu
program=$1
voice=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# expect STATUS COMMAND...
expect() {
  wanted=$1
  shift
  status=0
  "$@" || status=$?
  if [ "$status" -ne "$wanted" ]; then
    echo "expected exit status $wanted, got $status: $*" >&2
    exit 1
  fi
}

text="The boats came back before dawn, and nobody asked why they had gone."
gst-launch-1.0 -q chatterboxtts seed=4 text="$text" ! wavenc ! filesink location="$folder/marked.wav"
gst-launch-1.0 -q chatterboxtts seed=4 watermark=false text="$text" ! wavenc ! filesink location="$folder/plain.wav"
gst-launch-1.0 -q chatterboxtts seed=4 text="$text" ! audio/x-raw,rate=16000 ! wavenc ! filesink location="$folder/narrow.wav"
[ "$(wc -c <"$folder/marked.wav")" -eq "$(wc -c <"$folder/plain.wav")" ]
expect 0 "$program" detect "$folder/marked.wav" "$folder/narrow.wav"
expect 1 "$program" detect "$folder/plain.wav"
expect 1 "$program" detect "$folder/marked.wav" "$folder/plain.wav"

expect 0 "$program" detect "$voice"

expect 0 "$program" apply "$folder/plain.wav" "$folder/applied.flac"
expect 0 "$program" detect "$folder/applied.flac"

expect 2 "$program" detect "$folder/none.wav"
expect 2 "$program" detect "$folder/marked.wav" "$0"
expect 2 "$program" --model "$folder" detect "$folder/marked.wav"
expect 2 "$program" apply "$folder/plain.wav"
expect 2 "$program"
expect 0 "$program" --help

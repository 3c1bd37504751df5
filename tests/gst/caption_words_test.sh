#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# caption_words_test.sh CAPTION_WORDS TEXT: every word of the text has its time, and
# GStreamer reads the captions.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$2" "$folder/speech.wav" "$folder/words.vtt" seed=1
cat "$folder/words.vtt"
words_of() { tr -cs "A-Za-z'" '\n' | grep -c '[A-Za-z]'; }
said=$(grep -v -e '-->' -e '^WEBVTT' "$folder/words.vtt" | sed 's/<[0-9:.]*>/ /g' | words_of)
written=$(words_of <"$2")
[ "$said" -eq "$written" ] || { echo "expected $written words, got $said" >&2; exit 1; }
cues=$(gst-launch-1.0 -v filesrc location="$folder/words.vtt" ! subparse ! \
  fakesink silent=false sync=false 2>&1 | grep -c 'chain.*pts: ')
[ "$cues" -eq "$(grep -c -e '-->' "$folder/words.vtt")" ]

#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# dub.sh DUB_SCRIPT SUBTITLES: the dubbed film has the same pictures, and speech at
# the times of its cues.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
launch="gst-launch-1.0 -q"
$launch videotestsrc num-buffers=200 ! video/x-raw,framerate=25/1,width=64,height=48 ! \
  jpegenc ! matroskamux ! filesink location="$folder/film.mkv"
"$1" "$folder/film.mkv" "$2" "$folder/dubbed.mkv" seed=1
for name in film dubbed; do
  $launch filesrc location="$folder/$name.mkv" ! matroskademux name=in in.video_0 ! \
    queue ! filesink location="$folder/$name.jpegs"
done
cmp "$folder/film.jpegs" "$folder/dubbed.jpegs"
test "$(wc -c <"$folder/film.jpegs")" -gt 10000

# The first cue begins at 0.5 s, and its voice takes a breath at most.
$launch filesrc location="$folder/dubbed.mkv" ! matroskademux name=in in.audio_0 ! queue ! \
  opusdec ! audioconvert ! audio/x-raw,format=S16LE,channels=1,rate=48000 ! \
  filesink location="$folder/speech.raw"
first=$(od -An -v -td2 -w2 "$folder/speech.raw" |
  awk '$1 > 300 || $1 < -300 { print NR / 48000; exit }')
echo "first sound at $first s"
awk -v at="$first" 'BEGIN { exit !(at >= 0.49 && at < 1.0) }'

#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# Gives a Matroska film the speech of its subtitles; the video is copied as it is:
#   dub.sh FILM.mkv SUBTITLES.srt DUBBED.mkv [PROPERTY=VALUE...]
# Properties are those of chatterboxtts, such as voice=Abigail. Silence between the
# cues costs Opus next to nothing, and without gaps it keeps their times to the
# sample; after a gap its first packet would come 13.5 ms late.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 FILM.mkv SUBTITLES.srt DUBBED.mkv [PROPERTY=VALUE...]" >&2; exit 2; }
film="$1"
subtitles="$2"
dubbed="$3"
shift 3
exec gst-launch-1.0 -q matroskamux name=out ! filesink location="$dubbed" \
  filesrc location="$film" ! matroskademux name=in in.video_0 ! queue ! out. \
  filesrc location="$subtitles" ! subparse ! chatterboxtts overflow=compress fill-gaps=true "$@" ! \
  audioconvert ! audioresample ! opusenc ! queue ! out.

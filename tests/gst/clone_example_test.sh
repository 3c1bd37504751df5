#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# clone_example_test.sh PROGRAM RECORDING: the example makes a voice, speaks with it,
# and refuses to make it a second time.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_DATA_HOME="$folder/data" XDG_CACHE_HOME="$folder/cache"
"$1" "$2" "My Voice" "This is what I sound like." "$folder/first.wav"
[ "$(wc -c <"$folder/first.wav")" -gt 20000 ]
if "$1" "$2" "my voice" "Again." "$folder/second.wav" 2>"$folder/errors"; then
  echo "the name was taken, and nobody said so" >&2
  exit 1
fi
grep -q "already" "$folder/errors"
[ ! -e "$folder/second.wav" ]

#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# quantize_command_test.sh PROGRAM MODEL: chatterbox-quantize says what it cannot do, and writes
# nothing then. MODEL is in rows of int8.
set -eu
program=$1
model=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# refuse STATUS WORDS COMMAND...
refuse() {
  wanted=$1
  words=$2
  shift 2
  status=0
  "$@" 2>"$folder/error" || status=$?
  if [ "$status" -ne "$wanted" ] || ! grep -q "$words" "$folder/error"; then
    echo "expected exit status $wanted and \"$words\", got $status: $*" >&2
    cat "$folder/error" >&2
    exit 1
  fi
}

refuse 2 "usage: chatterbox-quantize" "$program" "$model"
refuse 1 "expected a model's directory" "$program" "$folder/none" "$folder/out"
refuse 1 "does not exist yet" "$program" "$model" "$folder"
refuse 1 "not quantised yet" "$program" "$model" "$folder/out"
[ ! -e "$folder/out" ]

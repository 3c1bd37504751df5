#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# The live text example speaks the line after an interruption.
set -e
{
  echo "This sentence is so long that nobody would want to hear it to its very end."
  sleep 2
  echo "!"
  echo "Stop."
} | "$1" "fakesink sync=true" 2>&1 | tee /dev/stderr | grep -q "spoken: Stop\."

#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
# barge_in_test.sh BARGE_IN: the example is silent soon after it was interrupted, and
# answers again.
set -eu
"$1" "fakesink sync=true" | tee /dev/stderr | awk '
  /^silent/ { silent = $2 }
  /^first audio/ { answer = $(NF - 1) }
  END { exit !(silent != "" && silent < 100 && answer > 0) }'

# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Chatterbox's modules with sizes as arguments and upstream's tensor names."""

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Speaks a text into a file, and prints each word when it is said.

    say.py "Some text." out.wav [VOICE]

Needs python3-gi and gir1.2-gstreamer-1.0; the elements are driven as any others of GStreamer.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    Gst.init(None)
    pipeline = Gst.parse_launch("chatterboxtts name=speech ! wavenc ! filesink name=file")
    speech = pipeline.get_by_name("speech")
    speech.set_property("text", sys.argv[1])
    if len(sys.argv) == 4:
        speech.set_property("voice", sys.argv[3])
    pipeline.get_by_name("file").set_property("location", sys.argv[2])
    pipeline.set_state(Gst.State.PLAYING)
    try:
        return follow(pipeline.get_bus())
    finally:
        pipeline.set_state(Gst.State.NULL)


def follow(bus):
    kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT
    while True:
        message = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, kinds)
        if message.type == Gst.MessageType.EOS:
            return 0
        if message.type == Gst.MessageType.ERROR:
            print(message.parse_error()[0].message, file=sys.stderr)
            return 1
        fields = message.get_structure()
        if fields.get_name() == "chatterbox/word":
            start = fields.get_value("timestamp") / Gst.SECOND
            print(f"{start:8.3f}  {fields.get_string('text')}")


if __name__ == "__main__":
    sys.exit(main())

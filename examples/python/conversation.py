#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Speaks lines as they come, in one pipeline that stays open: what an assistant needs.

    conversation.py [OUT.wav] < LINES

Each line is spoken at once; a line "stop" interrupts what is being said. Without a file, to the
speakers. Needs python3-gi and gir1.2-gstreamer-1.0.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst


def main():
    Gst.init(None)
    sink = "wavenc ! filesink name=file" if len(sys.argv) > 1 else "audioconvert ! autoaudiosink"
    pipeline = Gst.parse_launch(
        "appsrc name=lines format=time is-live=true do-timestamp=true "
        f"caps=text/x-raw,format=utf8 ! chatterboxtts name=speech ! {sink}")
    if len(sys.argv) > 1:
        pipeline.get_by_name("file").set_property("location", sys.argv[1])
    lines, speech = pipeline.get_by_name("lines"), pipeline.get_by_name("speech")
    pipeline.set_state(Gst.State.PLAYING)
    for line in sys.stdin:
        if line.strip() == "stop":
            speech.emit("interrupt", False)
        else:
            lines.emit("push-buffer", Gst.Buffer.new_wrapped(line.encode()))
    lines.emit("end-of-stream")  # what has come is spoken first
    message = pipeline.get_bus().timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        print(message.parse_error()[0].message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Speaks subtitles over music, which is quiet while somebody speaks.

    duck.py music.ogg film.srt out.wav

Messages of the element tell when an utterance begins and ends, before its speech reaches the mixer;
a control source then moves the music's volume at those times, and not at those of the messages.
Needs python3-gi and gir1.2-gstreamer-1.0.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstController", "1.0")
from gi.repository import Gst, GstController

LOUD, QUIET = 1.0, 0.15
FADE = 300 * Gst.MSECOND

PIPELINE = """
    audiomixer name=mix ! audio/x-raw,rate=48000 ! audioconvert ! wavenc ! filesink name=out
    filesrc name=music ! decodebin ! audioconvert ! audioresample ! volume name=level ! mix.
    filesrc name=text ! subparse ! chatterboxtts name=speech fill-gaps=true
        ! audioconvert ! audioresample ! mix.
"""


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    Gst.init(None)
    pipeline = Gst.parse_launch(PIPELINE)
    for name, path in zip(("music", "text", "out"), sys.argv[1:]):
        pipeline.get_by_name(name).set_property("location", path)
    curve = GstController.InterpolationControlSource(
        mode=GstController.InterpolationMode.LINEAR)
    curve.set(0, LOUD)
    level = pipeline.get_by_name("level")
    level.add_control_binding(
        GstController.DirectControlBinding.new_absolute(level, "volume", curve))
    bus = pipeline.get_bus()
    # In the thread of the speech: the curve is set before the speech is mixed.
    bus.set_sync_handler(duck, curve)
    pipeline.set_state(Gst.State.PLAYING)
    end = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if end.type == Gst.MessageType.EOS:
        return 0
    print(end.parse_error()[0].message, file=sys.stderr)
    return 1


def duck(_bus, message, curve):
    fields = message.get_structure()
    name = fields.get_name() if fields else ""
    if name == "chatterbox/utterance-start":
        begin = fields.get_value("stream-time")
        curve.set(max(begin - FADE, 0), LOUD)
        curve.set(begin, QUIET)
    if name == "chatterbox/utterance-end":
        end = fields.get_value("stream-time") + fields.get_value("duration")
        curve.set(end, QUIET)
        curve.set(end + FADE, LOUD)
        print(f"{fields.get_value('stream-time') / Gst.SECOND:.3f} {end / Gst.SECOND:.3f}")
    return Gst.BusSyncReply.PASS


if __name__ == "__main__":
    sys.exit(main())

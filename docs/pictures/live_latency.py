#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Draws what a live conversion hears, when its listener hears it, and what the time between is made
of: live_latency.py OUT.svg [RECORDING [PROPERTY=VALUE...]]

Speaks the recording into chatterboxvc in real time, as tests/quality/latency.py does. Needs Debian's
python3-gi, gir1.2-gst-plugins-base-1.0 and python3-numpy."""
import pathlib
import sys

from drawing import BLUE, GREEN, GREY, INK, ORANGE, Drawing, loudness

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests" / "quality"))

import latency  # noqa: E402

SECONDS, LEFT, WIDTH = 4.0, 80, 860


def convert(recording, properties):
    """Loudness each 20 ms of what went in and of what was heard, on one clock; the element."""
    latency.Gst.init(None)
    speech = latency.read(str(recording))
    live = latency.Live(speech[:int(SECONDS * latency.RATE_HZ)], properties)
    live.run(SECONDS)
    heard = [0] * int((SECONDS + 1) * latency.OUT_HZ)
    for time, samples in live.heard:
        first = int(time * latency.OUT_HZ)
        for i, sample in enumerate(samples.tolist()):
            if 0 <= first + i < len(heard):
                heard[first + i] = sample
    pieces = int((SECONDS + 1) / 0.02)
    spoken = speech[:int(SECONDS * latency.RATE_HZ)].tolist() + [0] * latency.RATE_HZ
    return loudness(spoken, pieces), loudness(heard, pieces), live


def parts_of(element):
    """What the latency is made of, in ms; the rest is of edges: windows and resampling."""
    watermark = 64 if element.get_property("watermark") else 0
    parts = [("a chunk", 40 * element.get_property("chunk-size"), BLUE),
             ("heard ahead", element.get_property("lookahead"), GREEN),
             ("watermark", watermark, GREY),
             ("computing", element.get_property("processing-latency"), ORANGE)]
    whole = element.get_property("latency") / 1e6
    rest = whole - sum(length for _, length, _ in parts)
    return whole, [part for part in parts + [("edges", rest, INK)] if part[1] > 0]


def draw(spoken, heard, element):
    picture = Drawing(WIDTH, 260)
    whole, parts = parts_of(element)
    length = SECONDS + 1

    def at(time):
        return LEFT + (WIDTH - LEFT - 20) * time / length

    for y, name, levels, colour in ((50, "spoken", spoken, GREY), (130, "heard", heard, BLUE)):
        picture.text(10, y + 4, name)
        picture.envelope(at(0), y, at(length) - at(0), 70, levels, colour)
    loud = max(spoken) / 4
    begin = next(i for i, level in enumerate(spoken) if level > loud) * 0.02
    for y1, y2, time in ((15, 170, begin), (95, 170, begin + whole / 1e3)):
        picture.line(at(time), y1, at(time), y2, INK, stroke_dasharray="3,3")
    picture.arrow(at(begin), 90, at(begin + whole / 1e3), 90)
    picture.text(at(begin) + 4, 85, f"{whole:.1f} ms", 12)
    picture.text(10, 208, "in ms")
    x, scale = LEFT, (WIDTH - LEFT - 20) / whole
    for name, part, colour in parts:
        picture.box(x, 190, part * scale, 26, "#fff", colour, 0)
        picture.text(x + part * scale / 2, 207, f"{part:g}", 12, colour, "middle")
        picture.text(x + part * scale / 2, 232, name, 12, colour, "middle")
        x += part * scale
    picture.text(LEFT, 252, "The same at every moment: chatterboxvc tells it to the pipeline before it starts.",
                 12, GREY)
    return picture


if __name__ == "__main__":
    recording = sys.argv[2] if len(sys.argv) > 2 else TREE / "voices" / "carl.opus"
    spoken, heard, live = convert(recording, sys.argv[3:] or ["voice=Amy", "seed=1"])
    draw(spoken, heard, live.vc).write(sys.argv[1])

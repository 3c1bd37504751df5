#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Draws the parts of the project and the way of speech through the library: architecture.py OUT.svg

What the parts hold is taken from the tree: elements and stages that are not there any more fail."""
import pathlib
import sys

from drawing import BLUE, GREEN, GREY, ORANGE, PALE, Drawing

TREE = pathlib.Path(__file__).resolve().parents[2]

# (title, what it is, folder of the tree)
USERS = [("GStreamer pipelines", "chatterboxtts, -vc, -clone", "gst"),
         ("chatterbox", "the command", "cli"),
         ("chatterbox-server", "HTTP, OpenAI, RunPod, Wyoming", "sidecar"),
         ("C++ programs", "chatterbox/engine.h", "lib/include/chatterbox")]
# (title, what leaves it, folder)
SPEAK = [("text", "sentences, ids", "lib/src/text"), ("T3", "speech tokens", "lib/src/t3"),
         ("S3Gen", "mel spectrogram", "lib/src/s3gen"), ("HiFT", "wave, 24 kHz", "lib/src/hift"),
         ("watermark", "marked wave", "lib/src/watermark")]
CONVERT = [("S3 tokenizer", "speech tokens of a recording", "lib/src/s3tokenizer"),
           ("voice encoder", "who speaks", "lib/src/voice_encoder")]


def check():
    missing = [folder for _, _, folder in USERS + SPEAK + CONVERT if not (TREE / folder).is_dir()]
    if missing:
        sys.exit(f"expected these folders, which the picture names: {missing}")


def draw():
    picture = Drawing(860, 330)
    for i, (title, about, _) in enumerate(USERS):
        x = 10 + i * 212
        picture.box(x, 10, 200, 52)
        picture.text(x + 100, 32, title, 15, anchor="middle", font_weight="bold")
        picture.text(x + 100, 50, about, 11, GREY, "middle")
        picture.arrow(x + 100, 62, x + 100, 92)
    picture.box(10, 94, 836, 226, "#fff", GREEN)
    picture.text(24, 116, "libchatterbox", 15, GREEN, font_weight="bold")
    picture.text(150, 116, "C++, libtorch; no Python at run time", 12, GREY)
    for i, (title, leaves, _) in enumerate(SPEAK):
        x = 24 + i * 166
        picture.box(x, 134, 126, 46)
        picture.text(x + 63, 154, title, 14, anchor="middle", font_weight="bold")
        picture.text(x + 63, 171, leaves, 11, GREY, "middle")
        if i:
            picture.arrow(x - 40, 157, x - 2, 157)
    for i, (title, leaves, _) in enumerate(CONVERT):
        x = 24 + i * 240
        picture.box(x, 226, 190, 46, PALE, ORANGE)
        picture.text(x + 95, 246, title, 14, anchor="middle", font_weight="bold")
        picture.text(x + 95, 263, leaves, 11, GREY, "middle")
    picture.arrow(214, 226, 372, 184)
    picture.arrow(300, 226, 262, 184)
    picture.arrow(420, 226, 416, 184)
    picture.text(24, 296, "Speech of text takes the upper row. A conversion begins with the recording's own tokens.",
                 12, GREY)
    picture.text(24, 312, "A voice is what the encoders make of a recording; it is made once a model and kept.",
                 12, GREY)
    picture.text(520, 246, "models: one in the tree; Nano, Turbo, English,", 12, BLUE)
    picture.text(520, 263, "Multilingual as published, unconverted", 12, BLUE)
    return picture


if __name__ == "__main__":
    check()
    draw().write(sys.argv[1])

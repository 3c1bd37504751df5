#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Draws when subtitles appear and when they are spoken: dubbed_timeline.py OUT.svg [SUBTITLES.vtt]

Speaks them with the command chatterbox, in two voices, and draws what it made."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from drawing import BLUE, GREY, INK, ORANGE, Drawing, loudness, read_wav

TREE = pathlib.Path(__file__).resolve().parents[2]
LEFT, RIGHT, WIDTH = 90, 20, 860


def seconds(text):
    hours, minutes, rest = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def cues_of(path):
    found = re.findall(r"^(\S+) --> (\S+)\n(?:<v (\w+)>)?(.*)$", path.read_text(), re.M)
    return [(seconds(begin), seconds(end), speaker, words) for begin, end, speaker, words in found]


def speak(path):
    """What was said when, and the sound."""
    with tempfile.TemporaryDirectory() as folder:
        wav = pathlib.Path(folder, "dub.wav")
        told = subprocess.run(["chatterbox", "say", "-q", "--json", "-f", path, "--overflow", "compress",
                               "--speakers", "anna=Abigail,ben=Adrian", "--seed", "1", "-o", wav],
                              check=True, capture_output=True, text=True).stdout
        return json.loads(told)["utterances"], *read_wav(wav)


def draw(cues, utterances, samples, rate):
    length = max(len(samples) / rate, cues[-1][1]) + 0.2
    picture = Drawing(WIDTH, 215)

    def at(time):
        return LEFT + (WIDTH - LEFT - RIGHT) * time / length

    speakers = list(dict.fromkeys(speaker for *_, speaker, _ in cues))
    colours = dict(zip(speakers, (BLUE, ORANGE)))
    picture.text(10, 45, "subtitles")
    for begin, end, speaker, words in cues:
        picture.box(at(begin), 20, at(end) - at(begin), 40, "#fff", colours[speaker])
        picture.text(at(begin) + 6, 37, speaker, 11, colours[speaker])
        picture.text(at(begin) + 6, 53, words, 11)
        for edge in (begin, end):
            picture.line(at(edge), 60, at(edge), 170, "#ccc", stroke_dasharray="2,3")
    picture.text(10, 115, "speech")
    size = int(rate * 0.02)
    levels = loudness(samples, max(len(samples) // size, 1))
    picture.envelope(at(0), 110, at(len(samples) / rate) - at(0), 70, levels, GREY)
    for utterance, (_, _, speaker, _) in zip(utterances, cues):
        begin, end = utterance["start"], utterance["start"] + utterance["duration"]
        picture.line(at(begin), 158, at(end), 158, colours[speaker], stroke_width=4)
        picture.text(at(begin), 175, f"{begin:.2f} to {end:.2f} s", 11, colours[speaker])
    picture.line(at(0), 188, at(length), 188, INK)
    for second in range(int(length) + 1):
        picture.line(at(second), 188, at(second), 193, INK)
        picture.text(at(second), 206, f"{second} s", 11, GREY, "middle")
    return picture


if __name__ == "__main__":
    subtitles = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else TREE / "examples/text/dialogue.vtt"
    draw(cues_of(subtitles), *speak(subtitles)).write(sys.argv[1])

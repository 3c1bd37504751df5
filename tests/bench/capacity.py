#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""How many elements one core carries: capacity.py, inside `meson devenv`.

For each element and some of its properties, processor time of gst-launch-1.0 for a long stream,
less that for a short one, over the difference of their lengths: work on a second of speech, without
loading and start. One over it is how many elements keep up on a core; live ones want some of it
left over. Processor time, so other work on the machine hardly matters. Prints rows of Markdown."""
import os
import resource
import subprocess
import sys
import tempfile
import wave

SENTENCES = ("The harbour was quiet in the morning, and only the gulls were awake. A small boat came "
             "round the point and the two of them watched it without a word. ")
SHORT, LONG = 2, 8  # times the sentences

SPEAK = "filesrc location={n}.txt ! chatterboxtts seed=1 {options} ! wavenc ! filesink location={n}.wav"
CONVERT = "filesrc location={n}.wav ! wavparse ! chatterboxvc seed=1 {options} ! fakesink"
CLONE = ("filesrc location={n}.wav ! wavparse ! chatterboxclone voice-name=Capacity duration=60000 "
         "save-on-eos=false {options} ! fakesink")

ROWS = [("chatterboxtts", SPEAK, ""), ("chatterboxtts", SPEAK, "watermark=false"),
        ("chatterboxvc", CONVERT, ""), ("chatterboxvc", CONVERT, "watermark=false"),
        ("chatterboxvc", CONVERT, "chunk-size=6"), ("chatterboxclone, collecting", CLONE, "")]


def processor_seconds(line):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    core = str(min(os.sched_getaffinity(0)))
    subprocess.run(["taskset", "-c", core, "sh", "-c", "exec gst-launch-1.0 -q " + line], check=True,
                   stdout=subprocess.DEVNULL, env=dict(os.environ, OMP_NUM_THREADS="1"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds_of(path):
    with wave.open(path) as sound:
        return sound.getnframes() / sound.getframerate()


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for n in (SHORT, LONG):
            with open(f"{n}.txt", "w", encoding="utf-8") as text:
                text.write(SENTENCES * n)
        processor_seconds(SPEAK.format(n=SHORT, options=""))  # what only the first start costs
        print("| element | properties | work on a second, s | on a core |\n|---|---|---|---|")
        for element, line, options in ROWS:
            work = [processor_seconds(line.format(n=n, options=options)) for n in (SHORT, LONG)]
            ratio = (work[1] - work[0]) / (seconds_of(f"{LONG}.wav") - seconds_of(f"{SHORT}.wav"))
            print(f"| {element} | {f'`{options}`' if options else ''} | {ratio:.3f} | {1 / ratio:.0f} |",
                  flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""How exactly a dubbed Matroska file begins its speech where the subtitles say so.

    cue_times.py            200 cues with room between them, at odd times
    cue_times.py --audible  the same, and when the first of them can be heard

Run it inside `meson devenv -C build`. Dubs with subparse, chatterboxtts, --encoder and matroskamux,
reads the file back and compares the first packet of each stretch of speech with its cue. Without an
encoder (identity) that is what chatterboxtts does; opusenc stamps the packets after a gap 13.5 ms
late of its own accord. --audible looks for the first 5 ms that are less than 40 dB below the loudest
of their cue, in what chatterboxtts makes with fill-gaps. Exit status 1 when a cue is missing or off by
more than --most milliseconds.
"""
import argparse
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SENTENCES = Path(__file__).parent / "sentences.txt"
# Between packets of 20 ms, more than this is a gap.
GAP_SECONDS = 0.1


def stamp(ms):
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def make_cues(count, spacing_ms):
    draw = random.Random(5)
    words = [line.split()[:4] for line in SENTENCES.read_text().splitlines()]
    cues, at = [], 0
    for i in range(count):
        at += spacing_ms + draw.randrange(1000)
        cues.append((at, " ".join(words[i % len(words)]).rstrip(",;:") + "."))
    return cues


def packets(path):
    """Begin and end of each packet, seconds."""
    output = subprocess.run(
        ["gst-launch-1.0", "-v", "filesrc", f"location={path}", "!", "matroskademux", "!",
         "fakesink", "silent=false", "sync=false"], check=True, capture_output=True, text=True)
    times = re.findall(r"pts: (\d+):(\d+):([\d.]+), duration: (\d+):(\d+):([\d.]+)", output.stdout)
    for h, m, s, dh, dm, ds in times:
        begin = int(h) * 3600 + int(m) * 60 + float(s)
        yield begin, begin + int(dh) * 3600 + int(dm) * 60 + float(ds)


def onsets(path, cues):
    """When each cue is heard first, in milliseconds after its time."""
    import numpy
    rate, window = 24000, 120
    wave = numpy.fromfile(path, dtype=numpy.float32)
    for at, _ in cues:
        begin = at * rate // 1000 - rate // 10
        speech = wave[begin:begin + 3 * rate]
        speech = speech[:len(speech) // window * window].reshape(-1, window)
        loudness = (speech.astype(float) ** 2).mean(1)
        yield int(numpy.argmax(loudness > loudness.max() * 1e-4)) * 5 - 100


def audible(srt, cues, folder):
    raw = Path(folder) / "speech.raw"
    subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={srt}", "!", "subparse", "!",
                    "chatterboxtts", "seed=1", "fill-gaps=true", "!", "audioconvert", "!",
                    "audio/x-raw,format=F32LE,rate=24000,channels=1", "!", "filesink",
                    f"location={raw}"], check=True)
    late = sorted(onsets(raw, cues))
    print(f"{len(cues)} cues: heard after median {late[len(late) // 2]} ms, "
          f"95th percentile {late[len(late) * 95 // 100]} ms, at most {late[-1]} ms")
    return max(abs(late[0]), late[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cues", type=int, default=200)
    parser.add_argument("--spacing", type=int, default=6000, help="milliseconds, and up to 1000 more")
    parser.add_argument("--encoder", default="identity", help="for example opusenc")
    parser.add_argument("--most", type=float, default=20, help="milliseconds")
    parser.add_argument("--audible", action="store_true")
    args = parser.parse_args()
    cues = make_cues(args.cues, args.spacing)
    with tempfile.TemporaryDirectory() as folder:
        srt, film = Path(folder) / "cues.srt", Path(folder) / "dubbed.mka"
        srt.write_text("".join(f"{i + 1}\n{stamp(at)} --> {stamp(at + 3000)}\n{text}\n\n"
                               for i, (at, text) in enumerate(cues)))
        latest = audible(srt, cues, folder) if args.audible else 0
        subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={srt}", "!", "subparse", "!",
                        "chatterboxtts", "seed=1", "!", "audioconvert", "!", "audioresample", "!",
                        args.encoder, "!", "matroskamux", "!", "filesink", f"location={film}"],
                       check=True)
        begins, last = [], -1.0
        for begin, end in packets(film):
            if begin - last > GAP_SECONDS:
                begins.append(begin)
            last = end
    if len(begins) != len(cues):
        sys.exit(f"expected {len(cues)} stretches of speech, got {len(begins)}")
    errors = sorted(abs(begin - at / 1000) * 1000 for begin, (at, _) in zip(begins, cues))
    print(f"{len(cues)} cues: start error median {errors[len(errors) // 2]:.2f} ms, "
          f"largest {errors[-1]:.2f} ms")
    sys.exit(int(max(errors[-1], latest) > args.most))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Word starts that chatterboxtts reports against a forced alignment of what it spoke.

    word_times.py                    the 100 sentences
    word_times.py --every 5          some of them
    word_times.py --recording R.wav --messages M.txt    what an earlier run left

Speaks with gst-launch-1.0 (run it inside `meson devenv -C build`) and aligns with PocketSphinx 5
(pip install pocketsphinx==5.1.*), whose steps are 10 ms. Exit status 1 when the median is above
--median or the 95th percentile above --p95, in milliseconds.
"""
import argparse
import re
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np

SENTENCES = Path(__file__).parent / "sentences.txt"
FRAME_SECONDS = 0.01


def speak(texts, recording, messages, seed):
    """One utterance for each text: a blank line ends a paragraph."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n\n".join(texts))
        file.flush()
        command = ["gst-launch-1.0", "-m", "filesrc", f"location={file.name}", "!",
                   "chatterboxtts", f"seed={seed}", "!",
                   "audio/x-raw,rate=16000", "!", "wavenc", "!",
                   "filesink", f"location={recording}"]
        with open(messages, "w") as output:
            subprocess.run(command, check=True, stdout=output)


def field(line, name):
    return int(re.search(rf" {name}=\(guint64\)(\d+)", line)[1])


def text_field(line):
    found = re.search(r' text=\(string\)("(?:[^"\\]|\\.)*"|[^,;]*)', line)[1]
    return re.sub(r"\\(.)", r"\1", found.strip('"'))


def reported(messages):
    """Utterances in order: (text, begin, end, [(word, begin)]), seconds."""
    utterances, words = [], {}
    for line in Path(messages).read_text().splitlines():
        if "chatterbox/word" in line:
            words.setdefault(field(line, "utterance"), []).append(
                (text_field(line), field(line, "timestamp") / 1e9))
        elif "chatterbox/utterance-end" in line:
            begin = field(line, "timestamp") / 1e9
            utterances.append((text_field(line), begin, begin + field(line, "duration") / 1e9,
                               words.get(field(line, "id"), [])))
    return utterances


def spoken_words(written):
    return [w for w in re.sub(r"[^a-z']", " ", written.lower()).split() if w.strip("'")]


class Aligner:
    def __init__(self):
        from pocketsphinx import Config, Decoder
        self.decoder = Decoder(Config(lm=None, loglevel="FATAL", dither=False))

    def knows(self, word):
        return self.decoder.lookup_word(word) is not None

    def align(self, samples, words):
        """Begin of each word, seconds; None when the alignment fails."""
        decoder = self.decoder
        decoder.set_align_text(" ".join(words))
        decoder.start_utt()
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()
        begins = [(re.sub(r"\(\d+\)$", "", s.word), s.start_frame * FRAME_SECONDS)
                  for s in decoder.seg() or []
                  if not s.word.startswith(("<", "[", "("))]
        return [b for _, b in begins] if [w for w, _ in begins] == words else None


def compare(utterances, samples, rate, verbose):
    """Differences reported minus aligned, seconds, of all words that could be compared."""
    aligner, differences, skipped = Aligner(), [], 0
    pad = np.zeros(rate // 4, dtype=np.int16)
    for text, begin, end, words in utterances:
        spoken = [spoken_words(word) for word, _ in words]
        flat = [w for group in spoken for w in group]
        if not flat or not all(map(aligner.knows, flat)):
            skipped += 1
            continue
        piece = samples[round(begin * rate):round(end * rate)]
        starts = aligner.align(np.concatenate([pad, piece, pad]), flat)
        if starts is None:
            skipped += 1
            continue
        at = 0
        for (word, time), group in zip(words, spoken):
            if group:
                difference = (time - begin) - (starts[at] - len(pad) / rate)
                differences.append(difference)
                if verbose:
                    print(f"{difference * 1000:+7.0f} ms  {time - begin:6.2f}  {word}")
            at += len(group)
    return np.array(differences), skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sentences", type=Path, default=SENTENCES)
    parser.add_argument("--every", type=int, default=1, help="only each n-th sentence")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recording", type=Path)
    parser.add_argument("--messages", type=Path)
    parser.add_argument("--median", type=float, default=80)
    parser.add_argument("--p95", type=float, default=250)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        recording = args.recording or Path(made) / "speech.wav"
        messages = args.messages or Path(made) / "messages.txt"
        if not (recording.exists() and messages.exists()):
            texts = args.sentences.read_text().splitlines()[::args.every]
            speak(texts, recording, messages, args.seed)
        with wave.open(str(recording)) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
        utterances = reported(messages)
        differences, skipped = compare(utterances, samples, rate, args.verbose)
    if not len(differences):
        sys.exit("no utterance could be aligned")
    size = np.abs(differences) * 1000
    median, p95 = np.median(size), np.percentile(size, 95)
    print(f"{len(utterances) - skipped} sentences ({skipped} not alignable), {len(size)} words: "
          f"median {median:.0f} ms, 95th percentile {p95:.0f} ms, "
          f"bias {np.median(differences) * 1000:+.0f} ms")
    sys.exit(int(median > args.median or p95 > args.p95))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Intelligibility of speech: word error rate of PocketSphinx on sentences never trained on.

    score.py DIR                               scores DIR/000.wav, DIR/001.wav, ...
    score.py --command 'speak {text} {out}'    speaks the sentences first

In a command, {text} and {out} are replaced by the quoted sentence and file name. Needs
pocketsphinx_batch, its en-us model and sox. Exit status 1 when above --most.
"""
import argparse
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

MODEL = Path("/usr/share/pocketsphinx/model/en-us")
SENTENCES = Path(__file__).parent / "sentences.txt"


def words(text):
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("-", " ")).split()


def edit_distance(said, heard):
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (word != other))
    return row[-1]


def recognise(files):
    """File stem to the words heard. The recogniser wants silence around the speech."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for path in files:
            subprocess.run(["sox", path, "-r", "16000", "-c", "1", "-b", "16",
                            folder / f"{path.stem}.wav", "pad", "0.5", "0.5"], check=True)
        (folder / "list").write_text("".join(f"{path.stem}\n" for path in files))
        subprocess.run(["pocketsphinx_batch", "-adcin", "yes", "-adchdr", "44",
                        "-cepdir", folder, "-cepext", ".wav", "-ctl", folder / "list",
                        "-hyp", folder / "heard", "-hmm", MODEL / "en-us",
                        "-lm", MODEL / "en-us.lm.bin", "-dict", MODEL / "cmudict-en-us.dict"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = (folder / "heard").read_text().splitlines()
    matches = (re.match(r"(.*?)\s*\((\S+) [-\d]+\)\s*$", line) for line in lines)
    return {m[2]: words(m[1]) for m in matches if m}


def word_error_rate(files, texts, verbose=False):
    heard = recognise(files)
    errors = total = 0
    for path in files:
        said = words(texts[int(path.stem)])
        found = edit_distance(said, heard.get(path.stem, []))
        errors, total = errors + found, total + len(said)
        if verbose:
            print(f"{path.stem} {found}/{len(said)}: {texts[int(path.stem)]}\n"
                  f"    heard: {' '.join(heard.get(path.stem, []))}")
    return errors / total, total


def speak(command, texts, folder, every):
    for k, text in list(enumerate(texts))[::every]:
        out = folder / f"{k:03d}.wav"
        filled = command.replace("{text}", shlex.quote(text)).replace("{out}", shlex.quote(str(out)))
        subprocess.run(filled, shell=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--command", help="speaks one sentence; {text} and {out} are filled in")
    parser.add_argument("--sentences", type=Path, default=SENTENCES)
    parser.add_argument("--every", type=int, default=1, help="only each n-th sentence")
    parser.add_argument("--most", type=float, default=1.0, help="fail above this rate")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if (args.folder is None) == (args.command is None):
        parser.error("expected either a folder or --command")
    texts = args.sentences.read_text().splitlines()
    with tempfile.TemporaryDirectory() as made:
        folder = args.folder or Path(made)
        if args.command:
            speak(args.command, texts, folder, args.every)
        wanted = {f"{k:03d}" for k in range(0, len(texts), args.every)}
        files = sorted(p for p in folder.glob("*.wav") if p.stem in wanted)
        if not files:
            sys.exit(f"no recordings in {folder}: expected 000.wav and so on")
        rate, total = word_error_rate(files, texts, args.verbose)
    print(f"word error rate {rate:.3f} over {len(files)} sentences, {total} words")
    sys.exit(rate > args.most)


if __name__ == "__main__":
    main()

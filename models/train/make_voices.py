# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The clips and the index of voices/: each of the 37 synthetic speakers (speakers.py) reads.

    make_voices.py --out ../../voices                 read by the synthetic speakers themselves
    make_voices.py --out ../../voices --spoken DIR    spoken by the finished model, after them

DIR keeps Name.wav of every voice; what is not there yet is spoken by `--command`.
"""
import argparse
import json
import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch

import audio
import speakers

ROOT = Path(__file__).parents[2]
SPEAK = (f"{ROOT}/build/examples/chatterbox-tts --voice {{voice}} {ROOT}/models/embedded "
         "{text} {out}")
KBITS = 40
SECONDS = (16, 24)
PAUSE = 0.25
PASSAGE = (
    "Good morning, and thank you for joining me on this quiet walk along the river.",
    "The bridge ahead was built by hand, stone upon stone, more than two hundred years ago.",
    "Every evening the fishermen pull their boats ashore and share the news of the day.",
    "Would you believe that the oldest of them still sings while he mends his nets?",
    "A sharp wind blows from the hills in autumn, and the children chase the falling leaves.",
    "Choose whichever path you like; both of them lead back to the village square.",
    "Far above us, a pair of hawks circles over the vineyards without making a sound.",
    "I usually buy fresh bread, a jar of honey, and some yellow cheese at the market.",
    "Nothing here changes quickly, though the young people dream of larger cities.",
    "Please mind the steps, they can be slippery after a heavy shower of rain.",
)
ROLES = {
    "Aaron": "american podcaster", "Abigail": "young storyteller", "Adam": "radio host",
    "Adrian": "friendly teacher", "Alan": "late night announcer", "Albert": "museum guide",
    "Alex": "bright presenter", "Alexander": "audiobook narrator", "Amanda": "news reader",
    "Amy": "warm narrator", "Andrew": "sports commentator", "Angela": "cheerful guide",
    "Anna": "calm instructor", "Anthony": "deep narrator", "Arthur": "history lecturer",
    "Ashley": "energetic host", "Austin": "travel reporter", "Barbara": "lively reader",
    "Benjamin": "documentary voice", "Betty": "kind neighbour", "Beverly": "podcast host",
    "Blake": "game announcer", "Brandon": "young presenter", "Brenda": "bright announcer",
    "Brian": "patient explainer", "Brittany": "soft spoken reader", "Bruce": "weather man",
    "Bryan": "low and steady narrator", "Carl": "gravel narrator", "Carol": "library reader",
    "Carolyn": "story reader", "Catherine": "composed lecturer", "Charles": "quick reporter",
    "Christian": "quiet narrator", "Christina": "clear instructor", "Christine": "merry host",
    "Christopher": "audio guide"}


def read_by_speaker(cast, speaker, first):
    """A passage of fitting length from sentence `first` on, (samples,) at 24 kHz."""
    parts, seconds, k = [], 0.0, first
    while seconds < SECONDS[0]:
        reading = cast.read(speaker, PASSAGE[k % len(PASSAGE)])
        wave = audio.resample(torch.from_numpy(reading.wave), speaker.rate, audio.SPEECH_HZ)
        parts += [wave.numpy(), np.zeros(int(PAUSE * audio.SPEECH_HZ), np.float32)]
        seconds += (len(wave) / audio.SPEECH_HZ) + PAUSE
        k += 1
    return np.concatenate(parts[:-1])


def spoken_by_model(command, cast, speaker, first, folder):
    """The same, spoken by the model after the speaker's reading; kept in the folder."""
    path = folder / f"{speaker.name}.wav"
    if not path.exists():
        prompt, part = folder / "prompt.wav", folder / "part.wav"
        soundfile.write(prompt, read_by_speaker(cast, speakers.prompting(speaker), first),
                        audio.SPEECH_HZ)
        parts, seconds, k = [], 0.0, first
        while seconds < SECONDS[0]:
            fields = {"voice": prompt, "text": PASSAGE[k % len(PASSAGE)], "out": part}
            subprocess.run(command.format(**{n: shlex.quote(str(f)) for n, f in fields.items()}),
                           shell=True, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            wave = soundfile.read(part)[0]
            parts += [wave, np.zeros(int(PAUSE * audio.SPEECH_HZ))]
            seconds += len(wave) / audio.SPEECH_HZ + PAUSE
            k += 1
        soundfile.write(path, np.concatenate(parts[:-1]), audio.SPEECH_HZ)
    return soundfile.read(path)[0]


def encode(wave, path):
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "clip.wav"
        soundfile.write(made, wave, audio.SPEECH_HZ)
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", made, "-c:a", "libopus", "-b:a",
                        f"{KBITS}k", "-ac", "1", "-map_metadata", "-1", "-fflags", "+bitexact",
                        "-flags:a", "+bitexact", path], check=True)


def provenance(speaker, spoken):
    made = ("spoken by the model in the tree after" if spoken else "read by")
    return (f"synthetic speaker, no real person: {made} flite's voice {speaker.base} "
            f"(CMU Arctic, BSD-like licence) with another vocal tract, pitch, tempo and colour, "
            "models/train/speakers.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--spoken", type=Path, help="folder of Name.wav")
    parser.add_argument("--command", default=SPEAK, help="speaks {text} as {voice} into {out}")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.spoken:
        args.spoken.mkdir(parents=True, exist_ok=True)
    cast, entries = speakers.Cast(), []
    for k, speaker in enumerate(speakers.LIBRARY):
        wave = (spoken_by_model(args.command, cast, speaker, 3 * k, args.spoken) if args.spoken
                else read_by_speaker(cast, speaker, 3 * k))
        name = f"{speaker.name.lower()}.opus"
        encode(wave, args.out / name)
        seconds = len(wave) / audio.SPEECH_HZ
        role = ROLES[speaker.name]
        entries.append({
            "voice_id": speaker.voice_id, "speaker_name": speaker.name,
            "gender": speaker.gender, "description": role, "duration": round(seconds, 2),
            "original_file": f"{speaker.name} - {speaker.gender}, {role}.wav",
            "type": "chattts_embedding", "file": name,
            "provenance": provenance(speaker, args.spoken)})
    (args.out / "index.json").write_text(json.dumps({"voices": entries}, indent=1) + "\n")
    size = sum(p.stat().st_size for p in args.out.iterdir())
    print(f"{len(entries)} voices, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

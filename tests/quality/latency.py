#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The latency of a live conversion as a listener has it, against the one that is reported.

    latency.py RECORDING [PROPERTY=VALUE...]     for example voices/carl.opus voice=Amy

A recording is spoken into chatterboxvc in real time, and what comes out of a sink that keeps time
is laid where it was heard. The lag at which the loudness of the two correlates best is the
measured latency. Prints it beside what the pipeline reports, with drops, breaks and drift, once
a minute where --seconds asks for longer; exit status 1 when the two differ by more than --most
milliseconds, or anything was lost. Needs Debian's python3-gi and gir1.2-gst-plugins-base-1.0.
"""
import argparse
import sys
import threading

import gi
import numpy as np

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

RATE_HZ, OUT_HZ, PIECE = 16000, 24000, 160
STEP_SECONDS = 0.005


def read(path):
    pipeline = Gst.parse_launch(
        "filesrc name=file ! decodebin ! audioconvert ! audioresample ! "
        f"audio/x-raw,format=S16LE,channels=1,rate={RATE_HZ} ! appsink name=out sync=false")
    pipeline.get_by_name("file").set_property("location", path)
    out, pieces = pipeline.get_by_name("out"), []
    pipeline.set_state(Gst.State.PLAYING)
    while sample := out.emit("pull-sample"):
        buffer = sample.get_buffer()
        pieces.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    return np.frombuffer(b"".join(pieces), np.int16)


class Live:
    """One conversion at real time."""

    def __init__(self, speech, properties):
        self.speech = speech
        self.pipeline = Gst.parse_launch(
            "appsrc name=in is-live=true format=time min-latency=10000000 caps=audio/x-raw,"
            f"format=S16LE,rate={RATE_HZ},channels=1,layout=interleaved ! "
            f"chatterboxvc name=vc {' '.join(properties)} ! "
            f"audio/x-raw,format=S16LE,rate={OUT_HZ} ! queue ! "
            "appsink name=out sync=true emit-signals=false max-buffers=0")
        self.vc = self.pipeline.get_by_name("vc")
        self.heard = []  # (running time, samples)
        self.breaks, self.end = 0, None

    def now(self):
        clock = self.pipeline.get_clock()
        return (clock.get_time() - self.pipeline.get_base_time()) / Gst.SECOND

    def wait_for_model(self):
        self.pipeline.set_state(Gst.State.PAUSED)
        bus = self.pipeline.get_bus()
        while True:
            message = bus.timed_pop_filtered(
                60 * Gst.SECOND, Gst.MessageType.PROGRESS | Gst.MessageType.ERROR)
            if not message or message.type == Gst.MessageType.ERROR:
                sys.exit("the model cannot be loaded")
            if message.parse_progress()[0] == Gst.ProgressType.COMPLETE:
                return

    def listen(self):
        out = self.pipeline.get_by_name("out")
        while sample := out.emit("pull-sample"):
            now, buffer = self.now(), sample.get_buffer()
            if self.end is not None and buffer.pts != self.end:
                self.breaks += 1
            self.end = buffer.pts + buffer.duration
            samples = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), np.int16)
            self.heard.append((now, samples))

    def run(self, seconds):
        self.wait_for_model()
        # The sink gets there with the first sound; waiting for it would make that late.
        self.pipeline.set_state(Gst.State.PLAYING)
        while not self.pipeline.get_clock() or not self.pipeline.get_base_time():
            threading.Event().wait(0.001)
        listener = threading.Thread(target=self.listen)
        listener.start()
        source = self.pipeline.get_by_name("in")
        pieces = int(seconds * RATE_HZ / PIECE)
        length = len(self.speech) // PIECE * PIECE
        sleep = threading.Event()
        for i in range(pieces):
            begin, end = i * PIECE / RATE_HZ, (i + 1) * PIECE / RATE_HZ
            while (wait := end - self.now()) > 0:  # audio exists once it was spoken
                sleep.wait(wait)
            at = i * PIECE % length
            buffer = Gst.Buffer.new_wrapped(self.speech[at:at + PIECE].tobytes())
            buffer.pts = round(begin * Gst.SECOND)
            buffer.duration = round((end - begin) * Gst.SECOND)
            source.emit("push-buffer", buffer)
        source.emit("end-of-stream")
        listener.join()
        return pieces * PIECE

    def reported(self):
        query = Gst.Query.new_latency()
        self.pipeline.query(query)
        return query.parse_latency()[1] / Gst.SECOND, self.vc.get_property("latency") / Gst.SECOND


def loudness(samples, rate):
    step = int(rate * STEP_SECONDS)
    power = (samples[:len(samples) // step * step].astype(float) ** 2).reshape(-1, step).mean(1)
    level = np.log10(power + 100.0)  # what is 50 dB down is silence
    return np.convolve(level - level.mean(), np.hanning(9), "same")


def lag(spoken, heard, most_seconds=1.5):
    """Seconds by which `heard` is later, to a tenth of a step."""
    a, b = loudness(spoken, RATE_HZ), loudness(heard, OUT_HZ)
    count = min(len(a), len(b))
    a, b = a[:count], b[:count]
    lags = range(int(most_seconds / STEP_SECONDS))
    scores = [float(np.corrcoef(a[:count - k], b[k:])[0, 1]) for k in lags]
    best = int(np.argmax(scores))
    shift = 0.0
    if 0 < best < len(scores) - 1:
        left, top, right = scores[best - 1:best + 2]
        shift = 0.5 * (left - right) / (left - 2 * top + right)
    return (best + shift) * STEP_SECONDS, scores[best]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("recording")
    parser.add_argument("properties", nargs="*")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--most", type=float, default=20, help="milliseconds")
    args = parser.parse_args()
    Gst.init(None)
    speech = read(args.recording)
    live = Live(speech, args.properties)
    before = live.vc.get_property("latency")
    sent = live.run(args.seconds)
    pipeline_latency, own = live.reported()
    stats = live.vc.get_property("stats")
    drift = sum(len(samples) for _, samples in live.heard) - sent * OUT_HZ // RATE_HZ
    lost = stats.get_uint64("discarded")[1] / Gst.SECOND

    # What was heard, where it was heard.
    heard = np.zeros(int((args.seconds + 5) * OUT_HZ), np.int16)
    for now, samples in live.heard:
        at = int(now * OUT_HZ)
        heard[at:at + len(samples)] = samples[:max(0, len(heard) - at)]
    spoken = np.resize(speech[:len(speech) // PIECE * PIECE], int((args.seconds + 5) * RATE_HZ))
    spoken[sent:] = 0
    lags = []
    for begin in np.arange(0, max(1.0, args.seconds - 15), 60.0):
        end = min(args.seconds, begin + 60) + 2
        seconds, score = lag(spoken[int(begin * RATE_HZ):int(end * RATE_HZ)],
                             heard[int(begin * OUT_HZ):int(end * OUT_HZ)])
        lags.append(seconds * 1000)
        print(f"from {begin:.0f} s: measured {seconds * 1000:.0f} ms (correlation {score:.2f})")
    print(f"reported: pipeline {pipeline_latency * 1000:.1f} ms, chatterboxvc {own * 1000:.1f} ms; "
          f"measured median {np.median(lags):.0f} ms")
    print(f"lost {lost:.3f} s in {stats.get_uint64('overloads')[1]} overloads, "
          f"late chunks {stats.get_uint64('late')[1]}, breaks {live.breaks}, drift {drift} samples, "
          f"real-time factor {stats.get_double('real-time-factor')[1]:.3f}, slowest chunk "
          f"{stats.get_uint64('slowest-chunk')[1] / 1e6:.0f} ms, latency "
          f"{'unchanged' if live.vc.get_property('latency') == before else 'CHANGED'}")
    live.pipeline.set_state(Gst.State.NULL)
    off = abs(np.median(lags) - pipeline_latency * 1000)
    sys.exit(int(off > args.most or lost > 0 or live.breaks > 0 or drift != 0))


if __name__ == "__main__":
    main()

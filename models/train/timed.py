# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""flite's statistical voices with times and a melody that are given.

A voice of flite chooses a duration for every state of a phone by a tree, and its spectrum for
every 5 ms by others that look at the place in the phone. Here another tree gives the durations,
so a phone that lasts longer is what the voice says in that time and not a stretched one; the
parameters of flite's filter can then be put in another order, and its F0 replaced.
"""
import ctypes as C
from dataclasses import dataclass

import numpy as np

from frontend import Flite, _Voice, _Wave

FRAME = 0.005          # seconds, of every clustergen voice of flite 2.2
NAME = b"given_duration"
LESS, LEAF = 2, 255    # operations of a tree's nodes
STATES = 3             # of a phone
_P = C.c_void_p
_FLOATS = C.POINTER(C.c_float)
_PROTOTYPES = {
    "float_val": ([C.c_float], _P),
    "ff_register": ([_P, C.c_char_p, _P], None),
    "feat_val": ([_P, C.c_char_p], _P),
    "val_track": ([_P], _P),
    "new_track": ([], _P),
    "cst_track_resize": ([_P, C.c_int, C.c_int], None),
    "delete_track": ([_P], None),
    "delete_wave": ([_P], None),
    "mlpg": ([_P, _P], _P),
    "mlsa_resynthesis": ([_P, _P, _P, _P, C.c_int], _P),
}


class _Track(C.Structure):
    _fields_ = [("type", C.c_char_p), ("frames_count", C.c_int), ("channels", C.c_int),
                ("times", _FLOATS), ("frames", C.POINTER(_FLOATS))]


class _Node(C.Structure):
    _fields_ = [("feature", C.c_ubyte), ("operation", C.c_ubyte), ("otherwise", C.c_ushort),
                ("value", _P)]


class _Tree(C.Structure):
    _fields_ = [("nodes", C.POINTER(_Node)), ("features", C.POINTER(C.c_char_p))]


class _Statistics(C.Structure):
    _fields_ = [("phone", C.c_char_p), ("mean", C.c_float), ("deviation", C.c_float)]


@dataclass
class Parameters:
    """What drives flite's filter, every FRAME."""
    phones: list             # names
    words: np.ndarray        # number of each phone's word
    ends: np.ndarray         # of each phone, seconds
    states: np.ndarray       # seconds of each state, STATES a phone
    spectrum: np.ndarray     # (frames, channels): F0 in Hz, 0 unvoiced; then the mel cepstrum
    strengths: np.ndarray    # (frames, bands): share of pulses in the excitation


def _values(track):
    track = C.cast(track, C.POINTER(_Track)).contents
    rows = [np.ctypeslib.as_array(track.frames[k], (track.channels,))
            for k in range(track.frames_count)]
    return np.stack(rows)


class TimedFlite(Flite):
    def __init__(self, voice):
        super().__init__(voice)
        for name, (arguments, result) in _PROTOTYPES.items():
            function = getattr(self._lib, name)
            function.argtypes, function.restype = arguments, result
        self._given, self._lengths = iter(()), {}
        self._own = (self._model.duration_models, self._model.dur_stats, self._model.dur_cart)
        # A tree whose only question is answered by `_next`, which puts the answer in its leaf.
        self._nodes = (_Node * 2)(_Node(0, LESS, 1, self._lib.float_val(1.0)),
                                  _Node(LEAF, LEAF, 0, None))
        self._names = (C.c_char_p * 2)(NAME, None)
        self._tree = _Tree(self._nodes, self._names)
        self._trees = (_P * 1)(C.addressof(self._tree))
        self._unit = _Statistics(b"any", 0.0, 1.0)
        self._units = (_P * 2)(C.addressof(self._unit), None)
        self._tables = (_P * 1)(C.addressof(self._units))
        self._answer = C.CFUNCTYPE(_P, _P)(self._next)
        functions = C.cast(self._voice, C.POINTER(_Voice)).contents.ffunctions
        self._lib.ff_register(functions, NAME, C.cast(self._answer, _P))

    def _next(self, _):
        frames = next(self._given)
        if frames not in self._lengths:
            self._lengths[frames] = self._lib.float_val(frames * FRAME)   # the tree keeps it
        self._nodes[1].value = self._lengths[frames]
        return self._lib.float_val(0.0)

    def parameters(self, text, states=None):
        """Of `text`, with flite's own durations or `states` (frames of every state). The voice's
        stretch of durations (`shape`) applies to both."""
        model = self._model
        if states is not None:
            self._given = iter([int(n) for n in states])
            model.duration_models = 1
            model.dur_stats = C.addressof(self._tables)
            model.dur_cart = C.addressof(self._trees)
        utterance = self._lib.flite_synth_text(text.encode("ascii", "ignore"), self._voice)
        model.duration_models, model.dur_stats, model.dur_cart = self._own
        _, phones, owners, ends = self._segments(utterance)
        features = C.cast(utterance, C.POINTER(_P))[0]
        track = self._lib.val_track(self._lib.feat_val(features, b"param_track"))
        smooth = self._lib.mlpg(track, C.byref(model))
        spectrum = _values(smooth)
        self._lib.delete_track(smooth)
        strengths = _values(self._lib.val_track(self._lib.feat_val(features, b"str_track")))
        states, end = [], 0.0
        item = self._lib.relation_head(self._lib.utt_relation(utterance, b"HMMstate"))
        while item:
            begin, end = end, self._lib.item_feat_float(item, b"end")
            states.append(end - begin)
            item = self._lib.item_next(item)
        self._lib.delete_utterance(utterance)
        words = np.cumsum(np.diff(owners, prepend=-2) > 1)   # symbols lie between words
        return Parameters(phones, words, np.array(ends), np.array(states), spectrum, strengths)

    def _track(self, values):
        track = self._lib.new_track()
        self._lib.cst_track_resize(track, *values.shape)
        fields = C.cast(track, C.POINTER(_Track)).contents
        for k, row in enumerate(values):
            np.ctypeslib.as_array(fields.frames[k], row.shape)[:] = row
            fields.times[k] = k * FRAME
        return track

    def play(self, spectrum, strengths):
        """int16 at 16 kHz"""
        tracks = self._track(spectrum), self._track(strengths)
        wave = self._lib.mlsa_resynthesis(*tracks, C.byref(self._model), None, 0)
        header = C.cast(wave, C.POINTER(_Wave)).contents
        samples = np.ctypeslib.as_array(header.data, (header.samples,)).copy()
        self._lib.delete_wave(wave)
        for track in tracks:
            self._lib.delete_track(track)
        return samples

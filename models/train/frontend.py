# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""flite through ctypes: text to phone symbols, and the teacher voice with phone times.

The symbol algorithm is described in docs/design/phones.md; the engine
implements the same one in C++. It uses the Segment relation, the word and the
token above each segment, stress and punctuation, nothing of the voice.
"""
import ctypes as C
from dataclasses import dataclass

import numpy as np

PUNCTUATION = ",.?!;:"
_P = C.c_void_p
_PROTOTYPES = {
    "flite_init": ([], C.c_int),
    "flite_synth_text": ([C.c_char_p, _P], _P),
    "new_voice": ([], _P),
    "feat_set": ([_P, C.c_char_p, _P], None),
    "feat_set_float": ([_P, C.c_char_p, C.c_float], None),
    "lexicon_val": ([_P], _P),
    "uttfunc_val": ([_P], _P),
    "utt_relation": ([_P, C.c_char_p], _P),
    "relation_head": ([_P], _P),
    "item_next": ([_P], _P),
    "item_feat_float": ([_P, C.c_char_p], C.c_float),
    "ffeature_string": ([_P, C.c_char_p], C.c_char_p),
    "path_to_item": ([_P, C.c_char_p], _P),
    "utt_wave": ([_P], _P),
    "delete_utterance": ([_P], None),
}


class _Voice(C.Structure):
    _fields_ = [("name", C.c_char_p), ("features", _P), ("ffunctions", _P), ("utt_init", _P)]


class _Wave(C.Structure):
    _fields_ = [("type", C.c_char_p), ("rate", C.c_int), ("samples", C.c_int),
                ("channels", C.c_int), ("data", C.POINTER(C.c_short))]


class _Model(C.Structure):
    """cst_cg_db of flite 2.2, as far as the warp of the spectrum."""
    _fields_ = [("name", C.c_char_p), ("types", _P), ("types_count", C.c_int),
                ("sample_rate", C.c_int), ("f0_mean", C.c_float), ("f0_stddev", C.c_float),
                ("f0_models", C.c_int), ("f0_trees", _P), ("param_models", C.c_int),
                ("param_trees", _P), ("accent_tree", _P), ("phrase_tree", _P),
                ("num_channels", _P), ("num_frames", _P), ("model_vectors", _P),
                ("accent_channels", C.c_int), ("accent_frames", C.c_int),
                ("accent_vectors", _P), ("model_min", _P), ("model_range", _P),
                ("qtable", _P), ("model_shape", C.c_int), ("frame_advance", C.c_float),
                ("duration_models", C.c_int), ("dur_stats", _P), ("dur_cart", _P),
                ("phone_states", _P), ("do_mlpg", C.c_int), ("dynwin", _P),
                ("dynwinsize", C.c_int), ("mlsa_alpha", C.c_float), ("mlsa_beta", C.c_float),
                ("multimodel", C.c_int), ("mixed_excitation", C.c_int), ("me_num", C.c_int),
                ("me_order", C.c_int), ("me_h", _P), ("spamf0", C.c_int)]


# Kept here: flite keeps the pointers.
_SHAPE = (b"int_f0_target_mean", b"int_f0_target_stddev", b"duration_stretch")


@dataclass
class Reading:
    """What flite made of one sentence."""
    symbols: list            # phone symbols
    phones: list             # one phone name per segment
    symbol_of_phone: list    # index into symbols, per segment
    ends: np.ndarray         # end time of each segment, seconds (teacher only)
    wave: np.ndarray         # int16 at 16 kHz (teacher only)


class Flite:
    """A flite voice: the teacher (`rms`), or the front end alone (`None`)."""

    def __init__(self, voice=None):
        self._lib = C.CDLL("libflite.so.1", mode=C.RTLD_GLOBAL)
        self._cmulex = C.CDLL("libflite_cmulex.so.1", mode=C.RTLD_GLOBAL)
        self._english = C.CDLL("libflite_usenglish.so.1", mode=C.RTLD_GLOBAL)
        for name, (arguments, result) in _PROTOTYPES.items():
            function = getattr(self._lib, name)
            function.argtypes, function.restype = arguments, result
        self._lib.flite_init()
        self._speaks = voice is not None
        self._voice = self._register(voice) if voice else self._front_end()

    def _register(self, voice):
        library = C.CDLL(f"libflite_cmu_us_{voice}.so.1", mode=C.RTLD_GLOBAL)
        register = getattr(library, f"register_cmu_us_{voice}")
        register.argtypes, register.restype = [_P], _P
        self._model = _Model.in_dll(library, f"cmu_us_{voice}_cg_db")
        page = C.addressof(self._model) & ~4095   # read-only as loaded
        C.CDLL(None).mprotect(_P(page), C.c_size_t(8192), 3)
        return register(None)

    def _front_end(self):
        voice = self._lib.new_voice()
        self._english.usenglish_init.argtypes = [_P]
        self._english.usenglish_init(voice)
        self._cmulex.cmu_lex_init.restype = _P
        features = C.cast(voice, C.POINTER(_Voice)).contents.features
        lexicon = self._lib.lexicon_val(self._cmulex.cmu_lex_init())
        self._lib.feat_set(features, b"lexicon", lexicon)
        self._identity = C.CFUNCTYPE(_P, _P)(lambda utterance: utterance)
        for name in (b"wave_synth_func", b"f0_model_func", b"duration_model_func"):
            function = C.cast(self._identity, _P)
            self._lib.feat_set(features, name, self._lib.uttfunc_val(function))
        # The lexicon's rules across words ("the" before a vowel, "'s"), as every CMU voice has.
        postlex = C.cast(self._cmulex.cmu_postlex, _P)
        self._lib.feat_set(features, b"postlex_func", self._lib.uttfunc_val(postlex))
        return voice

    def shape(self, f0_mean, f0_spread, stretch, warp):
        """Makes the voice another speaker: F0 in Hz, duration factor, warp of its spectrum
        (the all-pass coefficient; the voice's own is 0.42)."""
        features = C.cast(self._voice, C.POINTER(_Voice)).contents.features
        for name, value in zip(_SHAPE, (f0_mean, f0_spread, stretch)):
            self._lib.feat_set_float(features, name, value)
        self._model.mlsa_alpha = warp
        self._model.spamf0 = 0   # this model of F0 knows no targets

    def read(self, text):
        utterance = self._lib.flite_synth_text(text.encode("ascii", "ignore"), self._voice)
        symbols, phones, owners, ends = self._segments(utterance)
        wave = None
        if self._speaks:
            header = C.cast(self._lib.utt_wave(utterance), C.POINTER(_Wave)).contents
            wave = np.ctypeslib.as_array(header.data, (header.samples,)).copy()
        self._lib.delete_utterance(utterance)
        return Reading(symbols, phones, owners, np.array(ends), wave)

    def _string(self, item, path):
        return (self._lib.ffeature_string(item, path) or b"").decode()

    def _segments(self, utterance):
        symbols, phones, owners, ends = [], [], [], []
        word, token, mark = None, None, ""
        segment = self._lib.relation_head(self._lib.utt_relation(utterance, b"Segment"))
        while segment:
            name = self._string(segment, b"name")
            this_word = self._lib.path_to_item(segment, b"R:SylStructure.parent.parent")
            if this_word:
                this_token = self._lib.path_to_item(
                    segment, b"R:SylStructure.parent.parent.R:Token.parent")
                if word and this_word != word:
                    symbols.append(mark if mark and this_token != token else "|")
                punctuation = self._string(
                    segment, b"R:SylStructure.parent.parent.R:Token.parent.punc")
                mark = next((c for c in punctuation if c in PUNCTUATION), "")
                word, token = this_word, this_token
                stress = self._string(segment, b"R:SylStructure.parent.stress")
                symbol = name + stress if name[0] in "aeiou" else name
            else:
                if word:
                    symbols.append(mark or "|")
                    word = None
                symbol = "pau"
            owners.append(len(symbols))
            phones.append(name)
            ends.append(self._lib.item_feat_float(segment, b"end") if self._speaks else 0.0)
            symbols.append(symbol)
            segment = self._lib.item_next(segment)
        return symbols, phones, owners, ends

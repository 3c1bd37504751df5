# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Signal steps shared by data and training: mels as upstream takes them, pitch, resampling."""
import math

import librosa
import torch
import torch.nn.functional as F
import torchaudio

TEACHER_HZ = 16000      # flite's voices
TOKENIZER_HZ = 16000    # S3 tokenizer and speaker encoders listen at this rate
SPEECH_HZ = 24000       # what S3Gen speaks
MEL_HOP = 480           # samples at 24 kHz: 50 mel frames/s
TOKEN_SAMPLES = 640     # samples at 16 kHz: 25 tokens/s


def _filters(rate, n_fft, mels, top):
    return torch.tensor(librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=mels, fmin=0, fmax=top))


_MEL24 = _filters(SPEECH_HZ, 1920, 80, 8000)
_HANN24 = torch.hann_window(1920)
_MEL128 = _filters(TOKENIZER_HZ, 400, 128, 8000)
_MEL40 = _filters(TOKENIZER_HZ, 400, 40, 8000)
_HANN16 = torch.hann_window(400)


def resample(wave, source, target):
    return torchaudio.functional.resample(wave, source, target)


def speech_mel(wave):
    """(..., samples at 24 kHz) -> (..., 80, samples / 480), S3Gen's log mel."""
    padded = F.pad(wave.reshape(-1, 1, wave.shape[-1]), (720, 720), mode="reflect")[:, 0]
    spectrum = torch.stft(padded, 1920, MEL_HOP, 1920, _HANN24, center=False, return_complex=True)
    magnitude = torch.sqrt(spectrum.real ** 2 + spectrum.imag ** 2 + 1e-9)
    mel = torch.log(torch.clamp(_MEL24 @ magnitude, min=1e-5))
    return mel.reshape(*wave.shape[:-1], 80, -1)


def tokenizer_mel(wave):
    """(..., samples at 16 kHz) -> (..., 128, samples / 160), the S3 tokenizer's scaled log mel."""
    spectrum = torch.stft(wave, 400, 160, 400, _HANN16, return_complex=True)
    power = spectrum[..., :-1].abs() ** 2
    log = torch.clamp(_MEL128 @ power, min=1e-10).log10()
    log = torch.maximum(log, log.amax((-2, -1), keepdim=True) - 8.0)
    return (log + 4.0) / 4.0


def voice_encoder_mel(wave):
    """(samples at 16 kHz) -> (frames, 40), the voice encoder's power mel."""
    spectrum = torch.stft(wave, 400, 160, 400, _HANN16, return_complex=True)
    return (_MEL40 @ spectrum.abs() ** 2).transpose(-1, -2)


def pitch(wave):
    """(samples at 16 kHz) -> F0 in Hz (0 where unvoiced) and log energy, both at 50 frames/s.

    Normalised autocorrelation of 64 ms frames; the shortest lag within 90 % of the best wins.
    """
    size, hop = 1024, 320
    padded = F.pad(wave, ((size - hop) // 2, (size - hop) // 2 + size))
    frames = padded.unfold(0, size, hop)[: len(wave) // hop]
    frames = frames - frames.mean(1, keepdim=True)
    window = torch.hann_window(size)
    power = torch.fft.rfft(frames * window, 2 * size).abs() ** 2
    correlation = torch.fft.irfft(power)[:, :size]
    of_window = torch.fft.irfft(torch.fft.rfft(window, 2 * size).abs() ** 2)[:size]
    correlation = correlation / (correlation[:, :1] + 1e-6)
    correlation = correlation / (of_window / of_window[0]).clamp(min=0.05)
    low, high = TOKENIZER_HZ // 320, TOKENIZER_HZ // 60
    lags = correlation[:, low:high]
    best, where = lags.max(1)
    peak = (lags > 0.9 * best[:, None]) & (lags >= lags.roll(1, 1)) & (lags >= lags.roll(-1, 1))
    lag = torch.where(peak.any(1), peak.float().argmax(1), where) + low
    energy = frames.pow(2).mean(1).sqrt()
    voiced = (best > 0.45) & (energy > 0.003)
    return torch.where(voiced, TOKENIZER_HZ / lag.float(), torch.zeros(())), torch.log(energy + 1e-4)


def semitone_spread(f0):
    """How lively a reading is: spread of F0 over voiced frames, in semitones."""
    voiced = f0[f0 > 0]
    return 0.0 if len(voiced) < 10 else float(12 / math.log(2) * voiced.log().std())

# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Signal steps shared by data and training: mels as upstream takes them, pitch, resampling."""
import functools
import math

import torch
import torch.nn.functional as F
import torchaudio

TEACHER_HZ = 16000      # flite's voices
TOKENIZER_HZ = 16000    # S3 tokenizer and speaker encoders listen at this rate
SPEECH_HZ = 24000       # what S3Gen speaks
MEL_HOP = 480           # samples at 24 kHz: 50 mel frames/s
TOKEN_SAMPLES = 640     # samples at 16 kHz: 25 tokens/s


@functools.cache
def filters(rate, n_fft, mels, device):
    """Slaney's mel filters up to 8 kHz, (mels, n_fft / 2 + 1)."""
    made = torchaudio.functional.melscale_fbanks(n_fft // 2 + 1, 0.0, 8000.0, mels, rate,
                                                 norm="slaney", mel_scale="slaney")
    return made.T.contiguous().to(device)


@functools.cache
def hann(size, device):
    return torch.hann_window(size, device=device)


def resample(wave, source, target):
    return torchaudio.functional.resample(wave, source, target)


def speech_mel(wave):
    """(..., samples at 24 kHz) -> (..., 80, samples / 480), S3Gen's log mel."""
    padded = F.pad(wave.reshape(-1, 1, wave.shape[-1]), (720, 720), mode="reflect")[:, 0]
    spectrum = torch.stft(padded, 1920, MEL_HOP, 1920, hann(1920, wave.device), center=False,
                          return_complex=True)
    magnitude = torch.sqrt(spectrum.real ** 2 + spectrum.imag ** 2 + 1e-9)
    mel = filters(SPEECH_HZ, 1920, 80, wave.device) @ magnitude
    mel = torch.log(torch.clamp(mel, min=1e-5))
    return mel.reshape(*wave.shape[:-1], 80, -1)


def tokenizer_mel(wave):
    """(..., samples at 16 kHz) -> (..., 128, samples / 160), the S3 tokenizer's scaled log mel."""
    spectrum = torch.stft(wave, 400, 160, 400, hann(400, wave.device), return_complex=True)
    power = spectrum[..., :-1].abs() ** 2
    log = filters(TOKENIZER_HZ, 400, 128, wave.device) @ power
    log = torch.clamp(log, min=1e-10).log10()
    log = torch.maximum(log, log.amax((-2, -1), keepdim=True) - 8.0)
    return (log + 4.0) / 4.0


def voice_encoder_mel(wave):
    """(..., samples at 16 kHz) -> (..., frames, 40), the voice encoder's power mel."""
    spectrum = torch.stft(wave, 400, 160, 400, hann(400, wave.device), return_complex=True)
    return (filters(TOKENIZER_HZ, 400, 40, wave.device) @ spectrum.abs() ** 2).transpose(-1, -2)


@functools.cache
def _kaldi_filters(device):
    """Triangles on the scale 1127 ln(1 + f / 700) from 20 to 8000 Hz, (80, 257)."""
    scale = lambda hz: 1127 * torch.log(1 + hz / 700)
    edges = torch.linspace(float(scale(torch.tensor(20.0))), float(scale(torch.tensor(8000.0))),
                           82, device="cpu")[:, None]
    at = scale(torch.arange(257, device="cpu") * (TOKENIZER_HZ / 512))
    up = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    made = torch.minimum(up, down).clamp(min=0)
    made[:, 256] = 0
    return made.to(device)


def fbank(wave):
    """(..., samples at 16 kHz) -> (..., frames, 80), Kaldi's log filterbank without dither."""
    frames = wave.unfold(-1, 400, 160)
    frames = frames - frames.mean(-1, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], -1)
    window = torch.hann_window(400, periodic=False, device=wave.device) ** 0.85
    power = torch.fft.rfft((frames - 0.97 * before) * window, 512).abs() ** 2
    return torch.log((power @ _kaldi_filters(wave.device).T).clamp(min=1.1920929e-07))


def pitch(wave):
    """(samples at 16 kHz) -> F0 in Hz (0 where unvoiced) and log energy, both at 50 frames/s.

    Normalised autocorrelation of 64 ms frames; the shortest lag within 90 % of the best wins.
    """
    size, hop = 1024, 320
    padded = F.pad(wave, ((size - hop) // 2, (size - hop) // 2 + size))
    frames = padded.unfold(0, size, hop)[: len(wave) // hop]
    frames = frames - frames.mean(1, keepdim=True)
    window = hann(size, wave.device)
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
    return torch.where(voiced, TOKENIZER_HZ / lag.float(), 0.0), torch.log(energy + 1e-4)


def semitone_spread(f0):
    """How lively a reading is: spread of F0 over voiced frames, in semitones."""
    voiced = f0[f0 > 0]
    return 0.0 if len(voiced) < 10 else float(12 / math.log(2) * voiced.log().std())

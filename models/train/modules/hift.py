# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""HiFT vocoder: pitch predictor, harmonic source, inverse STFT head (arXiv:2309.09493).

Mel (batch, 80, frames at 50/s) to 24 kHz samples. Fixed as upstream fixes them: strides
8, 5, 3, then a 16-point inverse STFT with hop 4, together 480 samples per mel frame.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

RATE_HZ = 24000
STRIDES, KERNELS = (8, 5, 3), (16, 11, 7)
N_FFT, HOP = 16, 4
BLOCK_KERNELS, DILATIONS = (3, 7, 11), (1, 3, 5)
SOURCE_KERNELS = (7, 7, 11)
SINE_AMPLITUDE, NOISE_SIGMA, VOICED_HZ = 0.1, 0.003, 10.0


def snake(x, alpha):
    alpha = alpha[:, None]
    return x + torch.sin(x * alpha).square() / (alpha + 1e-9)


class Snake(nn.Module):
    function = staticmethod(snake)   # training may put a compiled one here

    def __init__(self, channels):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return self.function(x, self.alpha)


class ResBlock(nn.Module):
    def __init__(self, channels, kernel):
        super().__init__()

        def conv(dilation):
            return weight_norm(nn.Conv1d(channels, channels, kernel, dilation=dilation,
                                         padding=dilation * (kernel - 1) // 2))

        self.convs1 = nn.ModuleList(conv(d) for d in DILATIONS)
        self.convs2 = nn.ModuleList(conv(1) for _ in DILATIONS)
        self.activations1 = nn.ModuleList(Snake(channels) for _ in DILATIONS)
        self.activations2 = nn.ModuleList(Snake(channels) for _ in DILATIONS)

    def forward(self, x):
        for conv1, conv2, act1, act2 in zip(self.convs1, self.convs2,
                                            self.activations1, self.activations2):
            x = x + conv2(act2(conv1(act1(x))))
        return x


class HarmonicSource(nn.Module):
    """F0 in Hz per sample (batch, samples) to an excitation (batch, 1, samples)."""

    def __init__(self, harmonics):
        super().__init__()
        self.harmonics = harmonics
        self.l_linear = nn.Linear(harmonics + 1, 1)

    @torch.no_grad()
    def sines(self, f0):
        multiples = torch.arange(1, self.harmonics + 2, device=f0.device)
        steps = f0[..., None] * multiples / RATE_HZ
        phase = torch.rand(len(f0), 1, self.harmonics + 1) * 2 * math.pi - math.pi
        phase[..., 0] = 0
        waves = SINE_AMPLITUDE * torch.sin(2 * math.pi * (steps.cumsum(1) % 1) + phase)
        voiced = (f0 > VOICED_HZ).float()[..., None]
        noise = voiced * NOISE_SIGMA + (1 - voiced) * SINE_AMPLITUDE / 3
        return waves * voiced + noise * torch.randn_like(waves)

    def forward(self, f0):
        return torch.tanh(self.l_linear(self.sines(f0))).transpose(1, 2)


class PitchPredictor(nn.Module):
    """Mel (batch, 80, frames) to F0 in Hz (batch, frames), near zero where unvoiced."""

    def __init__(self, channels):
        super().__init__()
        layers = []
        for inputs in (80, channels, channels, channels, channels):
            layers += [weight_norm(nn.Conv1d(inputs, channels, 3, padding=1)), nn.ELU()]
        self.condnet = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, 1)

    def forward(self, mel):
        return self.classifier(self.condnet(mel).transpose(1, 2)).squeeze(-1).abs()


class Hift(nn.Module):
    def __init__(self, channels=512, f0_channels=512, harmonics=8):
        super().__init__()
        self.m_source = HarmonicSource(harmonics)
        self.conv_pre = weight_norm(nn.Conv1d(80, channels, 7, padding=3))
        widths = [channels >> (i + 1) for i in range(3)]
        self.ups = nn.ModuleList(
            weight_norm(nn.ConvTranspose1d(channels >> i, widths[i], kernel, stride,
                                           padding=(kernel - stride) // 2))
            for i, (stride, kernel) in enumerate(zip(STRIDES, KERNELS)))
        # The source enters each stage at that stage's rate: 15, 3 and 1 STFT frames a step.
        self.source_downs = nn.ModuleList([
            nn.Conv1d(N_FFT + 2, widths[0], 30, 15, padding=7),
            nn.Conv1d(N_FFT + 2, widths[1], 6, 3, padding=1),
            nn.Conv1d(N_FFT + 2, widths[2], 1)])
        self.source_resblocks = nn.ModuleList(
            ResBlock(width, kernel) for width, kernel in zip(widths, SOURCE_KERNELS))
        self.resblocks = nn.ModuleList(
            ResBlock(width, kernel) for width in widths for kernel in BLOCK_KERNELS)
        self.conv_post = weight_norm(nn.Conv1d(widths[2], N_FFT + 2, 7, padding=3))
        self.f0_predictor = PitchPredictor(f0_channels)
        self.window = torch.hann_window(N_FFT)

    def source(self, f0):
        """F0 (batch, frames) to the excitation (batch, 1, 480 * frames)."""
        return self.m_source(f0.repeat_interleave(480, dim=1))

    def decode(self, mel, source):
        spectrum = torch.stft(source.squeeze(1), N_FFT, HOP, N_FFT, self.window,
                              return_complex=True)
        spectrum = torch.cat([spectrum.real, spectrum.imag], 1)
        x = self.conv_pre(mel)
        for i, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, 0.1))
            if i == 2:
                x = F.pad(x, (1, 0), mode="reflect")
            x = x + self.source_resblocks[i](self.source_downs[i](spectrum))
            x = sum(block(x) for block in self.resblocks[3 * i:3 * i + 3]) / 3
        x = self.conv_post(F.leaky_relu(x))
        magnitude = x[:, :N_FFT // 2 + 1].exp().clamp(max=100.0)
        phase = torch.sin(x[:, N_FFT // 2 + 1:])
        wave = torch.istft(torch.polar(magnitude, phase), N_FFT, HOP, N_FFT, self.window)
        return wave.clamp(-0.99, 0.99)

    def forward(self, mel, f0=None):
        """Mel (batch, 80, frames) to (batch, 480 * frames); F0 is predicted unless given."""
        f0 = self.f0_predictor(mel) if f0 is None else f0
        return self.decode(mel, self.source(f0))

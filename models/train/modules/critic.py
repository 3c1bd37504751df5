# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Critics of speech that only the vocoder's training needs: each hears a spectrum of another
resolution (as in UnivNet, arXiv:2106.07889) and says how real every place of it is."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

RESOLUTIONS = ((512, 120), (1024, 240), (2048, 480))   # FFT size, hop
CHANNELS = 32


class SpectrumCritic(nn.Module):
    def __init__(self, size, hop):
        super().__init__()
        self.size, self.hop = size, hop
        self.window = torch.hann_window(size)
        conv = lambda inputs, kernel, stride: weight_norm(nn.Conv2d(
            inputs, CHANNELS, kernel, stride, padding=(kernel[0] // 2, kernel[1] // 2)))
        self.convs = nn.ModuleList([
            conv(1, (3, 9), (1, 1)), conv(CHANNELS, (3, 9), (1, 2)),
            conv(CHANNELS, (3, 9), (1, 2)), conv(CHANNELS, (3, 9), (1, 2)),
            conv(CHANNELS, (3, 3), (1, 1))])
        self.last = weight_norm(nn.Conv2d(CHANNELS, 1, 3, padding=1))

    def forward(self, wave):
        """(B, samples) -> how real (B, ...), and what every layer heard"""
        spectrum = torch.stft(wave, self.size, self.hop, self.size, self.window,
                              return_complex=True)
        x = torch.sqrt(spectrum.real ** 2 + spectrum.imag ** 2 + 1e-7)
        x = torch.log(x + 1e-3).transpose(1, 2)[:, None]
        heard = []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.1)
            heard.append(x)
        return self.last(x), heard


class Critics(nn.Module):
    def __init__(self):
        super().__init__()
        self.each = nn.ModuleList(SpectrumCritic(*r) for r in RESOLUTIONS)

    def loss(self, real, made):
        """What the critics learn: 1 for real speech, 0 for made speech."""
        total = 0
        for critic in self.each:
            (yes, _), (no, _) = critic(real), critic(made)
            total = total + ((yes.float() - 1) ** 2).mean() + (no.float() ** 2).mean()
        return total / len(self.each)

    def opinion(self, real, made):
        """What the vocoder learns from them: to pass for real; to be heard alike inside."""
        passing = alike = 0
        for critic in self.each:
            with torch.no_grad():
                _, wanted = critic(real)
            answer, heard = critic(made)
            passing = passing + ((answer.float() - 1) ** 2).mean()
            alike = alike + sum((a.float() - b.float()).abs().mean() / b.float().abs().mean()
                                for a, b in zip(heard, wanted)) / len(heard)
        return passing / len(self.each), alike / len(self.each)

# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Critics of speech that only training needs: each sees another picture of it (of waves, spectra
of several resolutions, as in UnivNet, arXiv:2106.07889) and says how real every place of it is.
"""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

import training

RESOLUTIONS = ((512, 120), (1024, 240), (2048, 480))   # FFT size, hop
CHANNELS = 32


class Critic(nn.Module):
    """Looks at pictures (B, time, frequency) of speech."""

    def __init__(self):
        super().__init__()
        conv = lambda inputs, kernel, stride: weight_norm(nn.Conv2d(
            inputs, CHANNELS, kernel, stride, padding=(kernel[0] // 2, kernel[1] // 2)))
        self.convs = nn.ModuleList([
            conv(1, (3, 9), (1, 1)), conv(CHANNELS, (3, 9), (1, 2)),
            conv(CHANNELS, (3, 9), (1, 2)), conv(CHANNELS, (3, 9), (1, 2)),
            conv(CHANNELS, (3, 3), (1, 1))])
        self.last = weight_norm(nn.Conv2d(CHANNELS, 1, 3, padding=1))

    def forward(self, speech):
        """How real (B, ...), and what every layer saw."""
        x, seen = self.picture(speech)[:, None], []
        for conv in self.convs:
            x = F.leaky_relu(conv(x), 0.1)
            seen.append(x)
        return self.last(x), seen


class SpectrumCritic(Critic):
    """Of waves (B, samples)."""

    def __init__(self, size, hop):
        super().__init__()
        self.size, self.hop = size, hop
        self.window = torch.hann_window(size)

    def picture(self, wave):
        spectrum = torch.stft(wave, self.size, self.hop, self.size, self.window,
                              return_complex=True)
        x = torch.sqrt(spectrum.real ** 2 + spectrum.imag ** 2 + 1e-7)
        return torch.log(x + 1e-3).transpose(1, 2)


class MelCritic(Critic):
    """Of log mels (B, 80, frames)."""

    def picture(self, mel):
        return mel.transpose(1, 2) / 2 + 3   # from -11.5...1


class Critics(nn.Module):
    def __init__(self, each):
        super().__init__()
        self.each = nn.ModuleList(each)

    def loss(self, real, made):
        """What the critics learn: 1 for real speech, 0 for made speech."""
        total = 0
        for critic in self.each:
            (yes, _), (no, _) = critic(real), critic(made)
            total = total + ((yes.float() - 1) ** 2).mean() + (no.float() ** 2).mean()
        return total / len(self.each)

    def opinion(self, real, made):
        """What who makes speech learns from them: to pass for real; to be seen alike inside."""
        passing = alike = 0
        for critic in self.each:
            with torch.no_grad():
                _, wanted = critic(real)
            answer, seen = critic(made)
            passing = passing + ((answer.float() - 1) ** 2).mean()
            alike = alike + sum((a.float() - b.float()).abs().mean() / b.float().abs().mean()
                                for a, b in zip(seen, wanted)) / len(seen)
        return passing / len(self.each), alike / len(self.each)


def of_waves():
    return Critics(SpectrumCritic(*r) for r in RESOLUTIONS)


class Adversary:
    """Critics and their optimiser, kept in a file of their own."""

    def __init__(self, critics, path, rate):
        self._critics, self._path = critics, path
        self._optimizer = torch.optim.AdamW(critics.parameters(), rate, betas=(0.8, 0.99))
        if path.exists():
            state = torch.load(path, map_location=torch.get_default_device())
            critics.load_state_dict(state["critics"])
            if "optimizer" in state:
                self._optimizer.load_state_dict(state["optimizer"])

    def learn(self, real, made):
        self._optimizer.zero_grad(set_to_none=True)
        with training.half():
            loss = self._critics.loss(real, made.detach())
        loss.backward()
        self._optimizer.step()
        return loss

    def opinion(self, real, made):
        self._critics.requires_grad_(False)
        with training.half():
            passing, alike = self._critics.opinion(real, made)
        self._critics.requires_grad_(True)
        return passing, alike

    def save(self):
        torch.save({"critics": self._critics.state_dict(),
                    "optimizer": self._optimizer.state_dict()}, self._path)

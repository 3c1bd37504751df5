# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Voice encoder: 1.6 s windows of a power mel to unit vectors (LSTM), averaged over windows."""
import torch
import torch.nn.functional as F
from torch import nn

WINDOW = 160        # mel frames at 100/s
STEP = 77           # between windows in inference: 1.3 windows/s
LEAST_COVERED = 0.8


class VoiceEncoder(nn.Module):
    def __init__(self, mels=40, hidden=256, layers=3, embedding=256):
        super().__init__()
        self.lstm = nn.LSTM(mels, hidden, num_layers=layers, batch_first=True)
        self.proj = nn.Linear(hidden, embedding)
        self.similarity_weight = nn.Parameter(torch.tensor([10.0]))
        self.similarity_bias = nn.Parameter(torch.tensor([-5.0]))

    def forward(self, mels):
        """(B, WINDOW, mels) -> (B, embedding), unit length, no component below zero."""
        _, (hidden, _) = self.lstm(mels)
        return F.normalize(F.relu(self.proj(hidden[-1])), dim=1)

    def embed(self, mel):
        """Recordings of one length (..., frames, mels) -> (..., embedding)."""
        frames = mel.shape[-2]
        count, rest = divmod(max(frames - WINDOW + STEP, 0), STEP)
        if count == 0 or (rest + WINDOW - STEP) / WINDOW >= LEAST_COVERED:
            count += 1
        length = WINDOW + STEP * (count - 1)
        mel = F.pad(mel, (0, 0, 0, max(0, length - frames)))[..., :length, :]
        windows = mel.unfold(-2, WINDOW, STEP).transpose(-1, -2)
        each = self(windows.reshape(-1, *windows.shape[-2:])).reshape(*windows.shape[:-2], -1)
        return F.normalize(each.mean(-2), dim=-1)

# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""CAM++ speaker vector (arXiv:2303.00332): fbank frames to one vector."""
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn

CONTEXT_FRAMES = 100   # stretch of the segment average in the context mask


class ResBlock(nn.Module):
    """Two 3x3 convolutions; the stride is along frequency."""

    def __init__(self, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential() if stride == 1 else nn.Sequential(
            nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False),
            nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class Head(nn.Module):
    """(B, features, T) -> (B, channels * features / 8, T)"""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(ResBlock(channels, 2), ResBlock(channels, 1))
        self.layer2 = nn.Sequential(ResBlock(channels, 2), ResBlock(channels, 1))
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x[:, None])))
        x = F.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


def norm_relu(channels):
    return nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(channels), relu=nn.ReLU()))


class Tdnn(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Conv1d(inputs, outputs, 5, stride=2, padding=2, bias=False)
        self.nonlinear = norm_relu(outputs)

    def forward(self, x):
        return self.nonlinear(self.linear(x))


class ContextMask(nn.Module):
    """Local convolution, scaled by a gate that sees the mean and the mean of each stretch."""

    def __init__(self, inputs, outputs, dilation):
        super().__init__()
        self.linear_local = nn.Conv1d(inputs, outputs, 3, dilation=dilation, padding=dilation,
                                      bias=False)
        self.linear1 = nn.Conv1d(inputs, inputs // 2, 1)
        self.linear2 = nn.Conv1d(inputs // 2, outputs, 1)

    def forward(self, x):
        stretch = F.avg_pool1d(x, CONTEXT_FRAMES, CONTEXT_FRAMES, ceil_mode=True)
        stretch = stretch.repeat_interleave(CONTEXT_FRAMES, -1)[..., :x.shape[-1]]
        context = F.relu(self.linear1(x.mean(-1, keepdim=True) + stretch))
        return self.linear_local(x) * torch.sigmoid(self.linear2(context))


class DenseTdnn(nn.Module):
    def __init__(self, inputs, growth, width, dilation):
        super().__init__()
        self.nonlinear1 = norm_relu(inputs)
        self.linear1 = nn.Conv1d(inputs, width, 1, bias=False)
        self.nonlinear2 = norm_relu(width)
        self.cam_layer = ContextMask(width, growth, dilation)

    def forward(self, x):
        y = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))
        return torch.cat([x, y], 1)


class Transit(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.nonlinear = norm_relu(channels)
        self.linear = nn.Conv1d(channels, channels // 2, 1, bias=False)

    def forward(self, x):
        return self.linear(self.nonlinear(x))


class Statistics(nn.Module):
    def forward(self, x):
        return torch.cat([x.mean(-1), x.std(-1)], -1)


class Dense(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Conv1d(inputs, outputs, 1, bias=False)
        self.nonlinear = nn.Sequential(OrderedDict(
            batchnorm=nn.BatchNorm1d(outputs, affine=False)))

    def forward(self, x):
        return self.nonlinear(self.linear(x[..., None])[..., 0])


class Xvector(nn.Module):
    def __init__(self, features=80, head_channels=32, channels=128, growth=32, bottleneck=4,
                 layers=(12, 24, 16), embedding=192):
        super().__init__()
        self.head = Head(head_channels)
        parts = OrderedDict(tdnn=Tdnn(head_channels * features // 8, channels))
        for i, (count, dilation) in enumerate(zip(layers, (1, 2, 2)), 1):
            parts[f"block{i}"] = nn.Sequential(OrderedDict(
                (f"tdnnd{k + 1}", DenseTdnn(channels + k * growth, growth, bottleneck * growth,
                                            dilation)) for k in range(count)))
            channels += count * growth
            parts[f"transit{i}"] = Transit(channels)
            channels //= 2
        parts["out_nonlinear"] = norm_relu(channels)
        parts["stats"] = Statistics()
        parts["dense"] = Dense(channels * 2, embedding)
        self.xvector = nn.Sequential(parts)

    def forward(self, fbank):
        """Mean-free fbank (B, T, features) -> (B, embedding)"""
        return self.xvector(self.head(fbank.transpose(1, 2)))

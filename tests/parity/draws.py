# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Random draws that upstream and the library share: they come from the case's seed and are rounded
to float16, so that they are small on disk."""
import contextlib

import numpy
import torch


@contextlib.contextmanager
def _instead(normal, uniform):
    from torch.distributions.uniform import Uniform
    saved = torch.randn, torch.randn_like, Uniform.sample
    torch.randn = lambda *shape, **_: normal(shape)
    torch.randn_like = lambda like, **_: normal(like.shape)
    Uniform.sample = lambda distribution, sample_shape=(): uniform(sample_shape)
    try:
        yield
    finally:
        torch.randn, torch.randn_like, Uniform.sample = saved


class Draws:
    """Stands in for torch's normal and uniform draws, and remembers them."""

    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)
        self.normals, self.uniforms = [], []

    def normal(self, shape):
        values = self.random.standard_normal(shape, dtype=numpy.float32).astype(numpy.float16)
        self.normals.append(values)
        return torch.from_numpy(values.astype(numpy.float32))

    def uniform(self, shape):
        values = self.random.uniform(-3.14, 3.14, tuple(shape)).astype(numpy.float16)
        values[:, 0] = 0  # upstream sets the fundamental's phase to zero
        self.uniforms.append(values)
        return torch.from_numpy(values.astype(numpy.float32))

    def active(self):
        return _instead(self.normal, self.uniform)

    def again(self):
        """The same draws as before, from the first on."""
        def replay(values):
            known = iter(values)
            return lambda shape: torch.from_numpy(next(known).astype(numpy.float32))
        return _instead(replay(self.normals), replay(self.uniforms))

    def inputs(self, meanflow):
        """What the library is given: where the flow starts, and what the vocoder draws."""
        normals = self.normals
        if meanflow:
            # New frames are drawn first and replace the end of what is drawn for all.
            new, everything, *normals = normals
            flow = everything.copy()
            flow[..., everything.shape[-1] - new.shape[-1]:] = new
        else:
            flow, *normals = normals
        return {"flow_noise": flow, "phases": self.uniforms[0], "source_noise": normals[0]}

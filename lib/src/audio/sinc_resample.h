// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// torchaudio's Resample with its default figures: a sinc of six zero crossings
// under a Hann window, rolling off at 0.99 of the lower Nyquist frequency. The
// reference of the decoder goes through this one, so that its tokens and its
// x-vector come out as upstream's do. Signal (L) float32; rates in Hz.
at::Tensor resample_sinc(const at::Tensor& signal, int from_hz, int to_hz);

}  // namespace chatterbox

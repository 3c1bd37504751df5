// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// Mirrors `samples` of the signal (..., L) at both ends, edge sample excluded.
at::Tensor reflect_pad(const at::Tensor& signal, std::int64_t samples);

// Periodic Hann window (size), float32.
at::Tensor hann_window(int size, const at::Device& device = at::kCPU);

// Windowed spectra of a signal (..., L) that already has its padding: complex
// (..., window/2 + 1, frames) with frames = 1 + (L - window) / hop, as
// torch.stft(center=False) gives.
at::Tensor stft(const at::Tensor& signal, const at::Tensor& window, int hop_samples);

// The reverse, as torch.istft(center=True) gives: overlap-add of the frames,
// divided by the summed squares of the windows, without half a window at either
// end. Spectra (B, window/2 + 1, frames) complex -> (B, (frames - 1) * hop).
at::Tensor istft(const at::Tensor& spectra, const at::Tensor& window, int hop_samples);

}  // namespace chatterbox

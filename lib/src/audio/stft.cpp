// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/stft.h"

#include <string>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

// Sums frames (B, window, frames) where they overlap: (B, (frames - 1) * hop + window).
at::Tensor overlap_add(const at::Tensor& frames, int hop_samples) {
  const std::int64_t window = frames.size(1);
  const std::int64_t length = (frames.size(2) - 1) * hop_samples + window;
  return at::col2im(frames, {1, length}, {1, window}, /*dilation=*/{1, 1}, /*padding=*/{0, 0},
                    /*stride=*/{1, hop_samples})
      .view({frames.size(0), length});
}

}  // namespace

at::Tensor reflect_pad(const at::Tensor& signal, std::int64_t samples) {
  if (signal.size(-1) <= samples)
    throw Error(ErrorCode::kInvalidArgument, "reflect_pad: expected more than " +
                                                 std::to_string(samples) + " samples, got " +
                                                 std::to_string(signal.size(-1)));
  const at::Tensor rows = signal.reshape({1, -1, signal.size(-1)});
  auto shape = signal.sizes().vec();
  shape.back() += 2 * samples;
  return at::reflection_pad1d(rows, {samples, samples}).view(shape);
}

at::Tensor hann_window(int size, const at::Device& device) {
  return at::hann_window(size, at::TensorOptions().dtype(at::kFloat).device(device));
}

at::Tensor stft(const at::Tensor& signal, const at::Tensor& window, int hop_samples) {
  if (signal.size(-1) < window.size(0))
    throw Error(ErrorCode::kInvalidArgument, "stft: expected at least " +
                                                 std::to_string(window.size(0)) + " samples, got " +
                                                 std::to_string(signal.size(-1)));
  const at::Tensor frames =
      signal.unfold(-1, window.size(0), hop_samples);  // (..., frames, window)
  return at::fft_rfft(frames * window).transpose(-1, -2);
}

at::Tensor istft(const at::Tensor& spectra, const at::Tensor& window, int hop_samples) {
  const std::int64_t size = window.size(0);
  const std::int64_t frames = spectra.size(2);
  const at::Tensor pieces =
      at::fft_irfft(spectra.transpose(1, 2), size) * window;  // (B, frames, window)
  const at::Tensor sum = overlap_add(pieces.transpose(1, 2).contiguous(), hop_samples);
  const at::Tensor squares = window.square().view({1, size, 1}).expand({1, size, frames});
  const at::Tensor weight = overlap_add(squares.contiguous(), hop_samples);
  const std::int64_t edge = size / 2;
  const std::int64_t end = sum.size(1) - edge;
  return sum.slice(1, edge, end) / weight.slice(1, edge, end);
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/fbank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr double kRateHz = 16000;
constexpr int kWindowSamples = 400;
constexpr int kHopSamples = 160;
constexpr int kSpectrumSamples = 512;
constexpr double kLowHz = 20;
constexpr double kHighHz = kRateHz / 2;
constexpr double kPreemphasis = 0.97;

double htk_mel(double hz) { return 1127.0 * std::log(1.0 + hz / 700.0); }

// Triangles that rise and fall linearly in mel, (bins, mels). No triangle has the bin at Nyquist.
at::Tensor htk_filters(int mels) {
  const int bins = kSpectrumSamples / 2 + 1;
  const double low = htk_mel(kLowHz);
  const double step = (htk_mel(kHighHz) - low) / (mels + 1);
  std::vector<float> filters(std::size_t(bins) * std::size_t(mels), 0.0F);
  for (int bin = 0; bin + 1 < bins; ++bin) {
    const double position = (htk_mel(bin * kRateHz / kSpectrumSamples) - low) / step;
    for (int mel = 0; mel < mels; ++mel) {
      const double height = std::min(position - mel, mel + 2 - position);
      filters[std::size_t(bin * mels + mel)] = float(std::max(0.0, height));
    }
  }
  return at::tensor(filters).view({bins, mels});
}

}  // namespace

KaldiFbank::KaldiFbank(int mels)
    // Povey: like Hann, but nearer zero at the edges.
    : window_(at::hann_window(kWindowSamples, /*periodic=*/false).pow(0.85)),
      filters_(htk_filters(mels)) {}

at::Tensor KaldiFbank::operator()(const at::Tensor& wave) const {
  if (wave.numel() < kWindowSamples)
    throw Error(ErrorCode::kInvalidArgument, "fbank: expected at least " +
                                                 std::to_string(kWindowSamples) + " samples, got " +
                                                 std::to_string(wave.numel()));
  at::Tensor frames = wave.unfold(0, kWindowSamples, kHopSamples);  // (frames, 400)
  frames = frames - frames.mean(1, /*keepdim=*/true);
  // The first sample of a frame has itself as its predecessor.
  const at::Tensor previous =
      at::cat({frames.slice(1, 0, 1), frames.slice(1, 0, kWindowSamples - 1)}, 1);
  frames = (frames - kPreemphasis * previous) * window_;
  const at::Tensor power = at::fft_rfft(frames, kSpectrumSamples).abs().square();  // (frames, 257)
  return at::matmul(power, filters_).clamp_min(std::numeric_limits<float>::epsilon()).log();
}

}  // namespace chatterbox

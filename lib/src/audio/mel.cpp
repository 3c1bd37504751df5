// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/mel.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "audio/speech_frames.h"
#include "audio/stft.h"

namespace chatterbox {
namespace {

// Slaney's scale: linear up to 1 kHz (15 mels), then logarithmic, 27 mels for
// each factor of 6.4.
constexpr double kHzPerMel = 200.0 / 3.0;
constexpr double kLogStartHz = 1000.0;
constexpr double kLogStartMel = kLogStartHz / kHzPerMel;

double log_step() { return std::log(6.4) / 27.0; }

double slaney_mel(double hz) {
  if (hz < kLogStartHz) return hz / kHzPerMel;
  return kLogStartMel + std::log(hz / kLogStartHz) / log_step();
}

double slaney_hz(double mel) {
  if (mel < kLogStartMel) return mel * kHzPerMel;
  return kLogStartHz * std::exp(log_step() * (mel - kLogStartMel));
}

at::Tensor compress(const at::Tensor& mel, MelScale scale) {
  switch (scale) {
    case MelScale::kNatural:
      return mel.clamp_min(1e-5).log();
    case MelScale::kWhisper: {
      const at::Tensor logs = mel.clamp_min(1e-10).log10();
      return (at::maximum(logs, logs.max() - 8.0) + 4.0) / 4.0;
    }
    case MelScale::kLinear:
      break;
  }
  return mel;
}

}  // namespace

MelParams voice_encoder_mel(int mels) {
  MelParams params;
  params.mels = mels;
  return params;
}

MelParams tokenizer_mel(int mels) {
  MelParams params;
  params.mels = mels;
  params.drop_last_frame = true;
  params.scale = MelScale::kWhisper;
  return params;
}

MelParams prompt_mel(int mels) {
  MelParams params;
  params.rate_hz = 24000;
  params.window_samples = 1920;
  params.hop_samples = int(kSamplesPerFrame);
  params.mels = mels;
  params.edge_samples = (params.window_samples - params.hop_samples) / 2;
  params.power = false;
  params.scale = MelScale::kNatural;
  return params;
}

at::Tensor slaney_filters(const MelParams& params) {
  const int bins = params.window_samples / 2 + 1;
  const double top_mel = slaney_mel(params.top_hz);
  std::vector<double> corners;  // Hz; filter i rises from i, peaks at i + 1, ends at i + 2
  for (int i = 0; i < params.mels + 2; ++i)
    corners.push_back(slaney_hz(top_mel * i / (params.mels + 1)));

  std::vector<float> filters;
  filters.reserve(std::size_t(params.mels) * std::size_t(bins));
  for (std::size_t i = 0; i < std::size_t(params.mels); ++i) {
    const double low = corners[i], peak = corners[i + 1], high = corners[i + 2];
    for (int bin = 0; bin < bins; ++bin) {
      const double hz = double(bin) * params.rate_hz / params.window_samples;
      const double rise = (hz - low) / (peak - low);
      const double fall = (high - hz) / (high - peak);
      filters.push_back(float(std::max(0.0, std::min(rise, fall)) * 2.0 / (high - low)));
    }
  }
  return at::tensor(filters).view({params.mels, bins});
}

Mel::Mel(const MelParams& params)
    : params_(params),
      window_(hann_window(params.window_samples)),
      filters_(slaney_filters(params)) {}

at::Tensor Mel::operator()(const at::Tensor& wave) const {
  const at::Tensor spectra =
      stft(reflect_pad(wave, params_.edge_samples), window_, params_.hop_samples);
  const at::Tensor parts = at::view_as_real(spectra.contiguous());
  at::Tensor energy = parts.square().sum(-1);  // (window/2 + 1, frames)
  if (params_.drop_last_frame) energy = energy.slice(1, 0, energy.size(1) - 1);
  const at::Tensor magnitudes = params_.power ? energy : (energy + 1e-9).sqrt();
  return compress(at::matmul(filters_, magnitudes), params_.scale);
}

}  // namespace chatterbox

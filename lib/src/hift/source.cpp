// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/source.h"

#include <cmath>
#include <numbers>
#include <string>

#include "chatterbox/audio.h"
#include "nn/check.h"

namespace chatterbox {
namespace {

constexpr double kSineAmplitude = 0.1;
constexpr double kVoicedNoise = 0.003;
constexpr double kUnvoicedNoise = kSineAmplitude / 3;
constexpr float kVoicedHz = 10.0f;
constexpr int kF0Layers = 5;

}  // namespace

F0Predictor::F0Predictor(const Weights& weights, int channels)
    : classifier_(weights.scope("classifier"), channels, 1) {
  const Weights condnet = weights.scope("condnet");
  for (int i = 0; i < kF0Layers; ++i)
    convs_.emplace_back(condnet.scope(std::to_string(2 * i)), i == 0 ? kMelBands : channels,
                        channels, 3, ConvOptions{.padding = 1, .weight_norm = true});
}

at::Tensor F0Predictor::operator()(const at::Tensor& mel) const {
  check_shape("mel", mel, {1, kMelBands, kAny});
  at::Tensor x = mel;
  for (const Conv1d& conv : convs_) x = at::elu(conv(x));
  return classifier_(x.transpose(1, 2)).squeeze(-1).abs();
}

HarmonicSource::HarmonicSource(const Weights& weights, int harmonics)
    : sines_(harmonics + 1), mix_(weights.scope("l_linear"), harmonics + 1, 1) {}

at::Tensor HarmonicSource::operator()(const at::Tensor& f0, const at::Tensor& offsets,
                                      const at::Tensor& noise, Phase& phase) const {
  const std::int64_t frames = f0.size(0);
  check_shape("source noise", noise, {frames * kSamplesPerFrame, sines_});
  check_shape("sine offsets", offsets, {sines_});

  // Pitch is constant within a frame, so the phase of its samples is a line.
  // Cycles are counted in double, since a long utterance has many of them, and
  // rounded to float32 before whole ones are dropped: upstream's sines carry that
  // rounding, which soon outweighs every other difference between the two.
  const at::Tensor pitch = f0.to(at::kCPU, at::kFloat).contiguous();
  const float* hz = pitch.data_ptr<float>();
  at::Tensor cycles = at::empty({frames, kSamplesPerFrame, sines_}, at::kFloat);
  float* out = cycles.data_ptr<float>();
  for (std::int64_t t = 0; t < frames; ++t, out += kSamplesPerFrame * sines_) {
    for (std::int64_t h = 0; h < sines_; ++h) {
      const double step = hz[t] * float(h + 1) / float(kOutputRateHz);
      for (std::int64_t n = 0; n < kSamplesPerFrame; ++n) {
        const auto turned = float(phase[h] + double(n + 1) * step);
        out[n * sines_ + h] = turned - std::floor(turned);
      }
      phase[h] += double(kSamplesPerFrame) * step;
    }
  }

  const at::Tensor voiced =
      f0.gt(kVoicedHz).to(noise.scalar_type()).repeat_interleave(kSamplesPerFrame).unsqueeze(1);
  at::Tensor waves = cycles.view({-1, sines_}).to(noise.device());
  waves = waves.mul_(2 * std::numbers::pi).add_(offsets).sin_().mul_(kSineAmplitude);
  const at::Tensor loudness = voiced * (kVoicedNoise - kUnvoicedNoise) + kUnvoicedNoise;
  waves = waves.mul_(voiced).add_(loudness * noise);
  return mix_(waves).tanh_().view({1, 1, -1});
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/vocoder_stream.h"

#include <algorithm>
#include <numbers>

namespace chatterbox {

// Phases of the multiples are drawn from the whole turn; the pitch's own is 0.
at::Tensor harmonic_offsets(std::uint64_t seed, std::int64_t sines) {
  at::Tensor offsets = at::empty({sines}, at::kFloat);
  Noise(seed, NoiseStream::kHarmonicPhase).uniform(0, sines, offsets.data_ptr<float>());
  offsets.sub_(0.5).mul_(2 * std::numbers::pi);
  offsets[0] = 0;
  return offsets;
}

VocoderStream::VocoderStream(const Hift& hift, std::uint64_t seed)
    : hift_(hift),
      noise_(seed, NoiseStream::kHarmonicNoise),
      offsets_(harmonic_offsets(seed, hift.source().sines())),
      phase_(hift.source().start()) {}

at::Tensor VocoderStream::excitation(const at::Tensor& f0) {
  const std::int64_t sines = hift_.source().sines();
  const std::int64_t frame = first_ + source_.size(2) / kSamplesPerFrame;
  const std::int64_t count = f0.size(0) * kSamplesPerFrame;
  const at::Tensor noise =
      noise_.normal(frame * kSamplesPerFrame * sines, count * sines).view({count, sines});
  return hift_.source()(f0, offsets_.to(f0.device()), noise.to(f0.device()), phase_);
}

void VocoderStream::extend_source(bool last) {
  // Pitch of frames near the end waits for those that its predictor looks at.
  const std::int64_t known = source_.size(2) / kSamplesPerFrame;
  const std::int64_t end = mel_.size(2) - (last ? 0 : F0Predictor::kReach);
  if (end <= known) return;
  const std::int64_t from = std::max<std::int64_t>(0, known - F0Predictor::kReach);
  const at::Tensor f0 = hift_.f0(mel_.narrow(2, from, mel_.size(2) - from))[0];
  source_ = at::cat({source_, excitation(f0.narrow(0, known - from, end - known))}, 2);
}

at::Tensor VocoderStream::push(const at::Tensor& mel, bool last) {
  const at::Tensor fresh = mel.to(at::kFloat);
  mel_ = mel_.defined() ? at::cat({mel_, fresh}, 2) : fresh;
  if (!source_.defined()) source_ = at::empty({1, 1, 0}, mel_.options());
  extend_source(last);

  const std::int64_t known = first_ + source_.size(2) / kSamplesPerFrame;
  const std::int64_t end = last ? known : known - Hift::kReach;
  if (end <= emitted_) return at::empty({0}, mel_.options());
  const at::Tensor samples =
      hift_.decode(mel_.narrow(2, 0, known - first_), source_, emitted_ - first_, end - first_)[0];
  emitted_ = end;

  // The next window begins where the reach of its first sample does.
  const std::int64_t dropped =
      std::max<std::int64_t>(0, emitted_ - Hift::kReach - F0Predictor::kReach - first_);
  first_ += dropped;
  mel_ = mel_.narrow(2, dropped, mel_.size(2) - dropped);
  source_ =
      source_.narrow(2, dropped * kSamplesPerFrame, source_.size(2) - dropped * kSamplesPerFrame);
  return samples;
}

}  // namespace chatterbox

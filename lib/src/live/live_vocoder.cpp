// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "live/live_vocoder.h"

#include <algorithm>
#include <cmath>

#include "hift/vocoder_stream.h"

namespace chatterbox {
namespace {

// Frames that a piece is made beyond its end, for the next to fade in over.
constexpr std::int64_t kTail = 1;
// Frames before a piece that it is made with at least.
constexpr std::int64_t kLeastPast = 8;
// Frames that the last one is taken to go on for. More change nothing that can be measured.
constexpr std::int64_t kHeld = 2;

}  // namespace

LiveVocoder::LiveVocoder(const Hift& hift, std::uint64_t seed, std::int64_t lookahead)
    : hift_(hift),
      noise_(seed, NoiseStream::kHarmonicNoise),
      offsets_(harmonic_offsets(seed, hift.source().sines())),
      phase_(hift.source().start()),
      lookahead_(lookahead),
      tail_(at::empty({0}, at::kFloat)) {}

at::Tensor LiveVocoder::excitation(const at::Tensor& f0, HarmonicSource::Phase& phase,
                                   std::int64_t frame) {
  const std::int64_t sines = hift_.source().sines();
  const std::int64_t count = f0.size(0) * kSamplesPerFrame;
  const at::Tensor noise =
      noise_.normal(frame * kSamplesPerFrame * sines, count * sines).view({count, sines});
  return hift_.source()(f0, offsets_.to(f0.device()), noise.to(f0.device()), phase);
}

at::Tensor LiveVocoder::push(const at::Tensor& mel, bool last) {
  const at::Tensor fresh = mel.to(at::kFloat);
  mel_ = mel_.defined() ? at::cat({mel_, fresh}, 2) : fresh;
  if (!source_.defined()) source_ = at::empty({1, 1, 0}, mel_.options());
  const std::int64_t known = first_ + mel_.size(2);
  const std::int64_t end = last ? known : known - lookahead_;
  if (end <= emitted_) return at::empty({0}, at::kFloat);

  const std::int64_t held = last ? 0 : kHeld;
  const at::Tensor seen =
      held > 0 ? at::cat({mel_, mel_.narrow(2, mel_.size(2) - 1, 1).expand({1, -1, held})}, 2)
               : mel_;
  const std::int64_t horizon = known + held;
  const std::int64_t tail = last ? 0 : std::min(kTail, lookahead_);

  // The excitation is fixed up to the end of the tail, and a guess beyond.
  const std::int64_t sourced = first_ + source_.size(2) / kSamplesPerFrame;
  const std::int64_t from = std::max<std::int64_t>(0, sourced - first_ - F0Predictor::kReach);
  const at::Tensor f0 =
      hift_.f0(seen.narrow(2, from, seen.size(2) - from))[0].slice(0, sourced - first_ - from);
  const std::int64_t settled = end + tail - sourced;
  source_ = at::cat({source_, excitation(f0.narrow(0, 0, settled), phase_, sourced)}, 2);
  for (double& turned : phase_) turned -= std::floor(turned);
  at::Tensor source = source_;
  if (horizon > end + tail) {
    HarmonicSource::Phase guess = phase_;
    source = at::cat({source, excitation(f0.slice(0, settled), guess, end + tail)}, 2);
  }

  at::Tensor samples =
      hift_.decode(seen, source, emitted_ - first_, end + tail - first_)[0].to(at::kCPU);
  if (const std::int64_t shared = tail_.size(0); shared > 0) {
    const at::Tensor rise = (at::arange(shared, at::kFloat) + 0.5f) / double(shared);
    at::Tensor start = samples.narrow(0, 0, shared);
    start.mul_(rise).add_(tail_ * (1 - rise));
  }
  tail_ = samples.slice(0, (end - emitted_) * kSamplesPerFrame).clone();
  samples = samples.narrow(0, 0, (end - emitted_) * kSamplesPerFrame);
  emitted_ = end;

  // Frames further back than twice the lookahead matter as little.
  constexpr std::int64_t kAll = Hift::kReach + F0Predictor::kReach;
  const std::int64_t past = std::min(kAll, std::max(2 * lookahead_, kLeastPast));
  const std::int64_t dropped = std::max<std::int64_t>(0, emitted_ - past - first_);
  first_ += dropped;
  mel_ = mel_.slice(2, dropped);
  source_ = source_.slice(2, dropped * kSamplesPerFrame);
  return samples;
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/trim.h"

#include <algorithm>

namespace chatterbox {
namespace {

constexpr std::int64_t kFrameSamples = 2048;
constexpr std::int64_t kHopSamples = 512;
constexpr double kPowerFloor = 1e-10;

}  // namespace

at::Tensor trim_silence(const at::Tensor& wave, double top_db) {
  const at::Tensor padded = at::constant_pad_nd(wave, {kFrameSamples / 2, kFrameSamples / 2});
  const at::Tensor power = padded.unfold(0, kFrameSamples, kHopSamples).square().mean(1);
  const at::Tensor level = power.clamp_min(kPowerFloor).log10() * 10.0;  // dB
  const at::Tensor loud = (level - level.max()).gt(-top_db).nonzero();   // (n, 1)
  // The loudest frame is 0 dB below itself, so there is always one.
  const std::int64_t first = loud[0].item<std::int64_t>();
  const std::int64_t last = loud[-1].item<std::int64_t>();
  return wave.slice(0, first * kHopSamples, std::min(wave.size(0), (last + 1) * kHopSamples));
}

}  // namespace chatterbox

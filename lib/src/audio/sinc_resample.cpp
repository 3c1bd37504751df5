// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/sinc_resample.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace chatterbox {
namespace {

constexpr double kZeroCrossings = 6;
constexpr double kRolloff = 0.99;
constexpr double kPi = 3.14159265358979323846;

// Output sample j sits at j / to in units of input periods. Its kernel repeats
// every `to` outputs, one stride of `from` inputs further on: (to, 1, taps).
at::Tensor sinc_kernels(int from, int to, int reach) {
  const double cutoff = std::min(from, to) * kRolloff;
  const int taps = 2 * reach + from;
  std::vector<float> kernels;
  kernels.reserve(std::size_t(to) * std::size_t(taps));
  for (int phase = 0; phase < to; ++phase) {
    for (int tap = 0; tap < taps; ++tap) {
      const double time = (double(tap - reach) / from - double(phase) / to) * cutoff;
      const double t = std::clamp(time, -kZeroCrossings, kZeroCrossings);
      const double window = std::pow(std::cos(t * kPi / kZeroCrossings / 2), 2);
      const double sinc = t == 0 ? 1.0 : std::sin(kPi * t) / (kPi * t);
      kernels.push_back(float(sinc * window * cutoff / from));
    }
  }
  return at::tensor(kernels).view({to, 1, taps});
}

}  // namespace

at::Tensor resample_sinc(const at::Tensor& signal, int from_hz, int to_hz) {
  if (from_hz == to_hz) return signal;
  const int divisor = std::gcd(from_hz, to_hz);
  const int from = from_hz / divisor;
  const int to = to_hz / divisor;
  const int reach = int(std::ceil(kZeroCrossings * from / (std::min(from, to) * kRolloff)));

  const at::Tensor padded = at::constant_pad_nd(signal.view({1, 1, -1}), {reach, reach + from});
  // (1, to, strides) -> samples in time order
  const at::Tensor phases = at::conv1d(padded, sinc_kernels(from, to, reach), {}, from);
  const at::Tensor samples = phases.transpose(1, 2).reshape({-1});
  // Upstream rounds this length up in single precision.
  const auto length =
      std::int64_t(std::ceil(float(double(to) * double(signal.numel()) / double(from))));
  return samples.slice(0, 0, length).contiguous();
}

}  // namespace chatterbox

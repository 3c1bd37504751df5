// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/loudness.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

namespace chatterbox {
namespace {

// Blocks of 0.4 s, a new one every quarter of that.
constexpr double kBlockSeconds = 0.4;
constexpr double kStep = 0.25;
// Quieter blocks do not count: below this, LUFS, or this far below the mean of the others.
constexpr double kAbsoluteGate = -70;
constexpr double kRelativeGate = 10;

double to_lufs(double power) { return -0.691 + 10 * std::log10(power); }

// A filter of second order, for which a0 is 1.
struct Biquad {
  double b0, b1, b2, a1, a2;

  // Sums in float64, results in float32, as both stages of pyloudnorm leave them.
  void filter(std::vector<float>& samples) const {
    double first = 0, second = 0;
    for (float& sample : samples) {
      const double x = sample, y = b0 * x + first;
      first = b1 * x - a1 * y + second;
      second = b2 * x - a2 * y;
      sample = float(y);
    }
  }
};

// Robert Bristow-Johnson's Audio EQ Cookbook, "highShelf" and "HPF". Those of BS.1770 differ a
// little.
Biquad high_shelf(double gain_db, double q, double hz, int rate_hz) {
  const double a = std::pow(10, gain_db / 40), w = 2 * std::numbers::pi * (hz / rate_hz);
  const double cosine = std::cos(w), slope = 2 * std::sqrt(a) * (std::sin(w) / (2 * q));
  const double a0 = (a + 1) - (a - 1) * cosine + slope;
  return {a * ((a + 1) + (a - 1) * cosine + slope) / a0, -2 * a * ((a - 1) + (a + 1) * cosine) / a0,
          a * ((a + 1) + (a - 1) * cosine - slope) / a0, 2 * ((a - 1) - (a + 1) * cosine) / a0,
          ((a + 1) - (a - 1) * cosine - slope) / a0};
}

Biquad high_pass(double q, double hz, int rate_hz) {
  const double w = 2 * std::numbers::pi * (hz / rate_hz);
  const double cosine = std::cos(w), alpha = std::sin(w) / (2 * q), a0 = 1 + alpha;
  return {(1 + cosine) / 2 / a0, -(1 + cosine) / a0, (1 + cosine) / 2 / a0, -2 * cosine / a0,
          (1 - alpha) / a0};
}

// Mean squares of the blocks. The last block may reach beyond the end, where there is silence.
std::vector<double> block_powers(const std::vector<float>& samples, int rate_hz) {
  const double seconds = double(samples.size()) / rate_hz;
  const double count = std::nearbyint((seconds - kBlockSeconds) / (kBlockSeconds * kStep)) + 1;
  std::vector<double> powers;
  for (int block = 0; block < count; ++block) {
    const auto edge = [&](double steps) {
      return std::min(std::int64_t(kBlockSeconds * steps * rate_hz), std::int64_t(samples.size()));
    };
    double sum = 0;
    for (std::int64_t i = edge(block * kStep); i < edge(block * kStep + 1); ++i)
      sum += double(samples[std::size_t(i)]) * samples[std::size_t(i)];
    powers.push_back(1 / (kBlockSeconds * rate_hz) * sum);
  }
  return powers;
}

// The mean of powers that `keep`; NaN when there are none.
template <typename Keep>
double mean(const std::vector<double>& powers, Keep keep) {
  double sum = 0;
  int count = 0;
  for (const double power : powers) {
    if (!keep(to_lufs(power))) continue;
    sum += power;
    ++count;
  }
  return sum / count;
}

}  // namespace

double loudness_lufs(std::span<const float> samples, int rate_hz) {
  if (double(samples.size()) < kBlockSeconds * rate_hz)
    return std::numeric_limits<double>::quiet_NaN();
  std::vector<float> weighted(samples.begin(), samples.end());
  high_shelf(4, std::numbers::sqrt2 / 2, 1500, rate_hz).filter(weighted);
  high_pass(0.5, 38, rate_hz).filter(weighted);

  const std::vector<double> powers = block_powers(weighted, rate_hz);
  const double gate =
      to_lufs(mean(powers, [](double lufs) { return lufs >= kAbsoluteGate; })) - kRelativeGate;
  const double power =
      mean(powers, [gate](double lufs) { return lufs > gate && lufs > kAbsoluteGate; });
  return to_lufs(std::isnan(power) ? 0 : power);
}

float loudness_gain(std::span<const float> samples, int rate_hz, double lufs) {
  const double gain = std::pow(10, (lufs - loudness_lufs(samples, rate_hz)) / 20);
  return std::isfinite(gain) && gain > 0 ? float(gain) : 1.0f;
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/time_stretch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr int kRateHz = 24000;

// A voice-like tone: harmonics of a pitch that glides.
std::vector<float> tone(double seconds, double pitch) {
  std::vector<float> samples(std::size_t(seconds * kRateHz));
  double phase = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    phase += 2 * M_PI * pitch * (1 + 0.1 * std::sin(double(i) / kRateHz)) / kRateHz;
    samples[i] =
        float(0.3 * std::sin(phase) + 0.2 * std::sin(2 * phase) + 0.1 * std::sin(3 * phase));
  }
  return samples;
}

double rms(std::span<const float> samples) {
  double sum = 0;
  for (const float x : samples) sum += double(x) * x;
  return std::sqrt(sum / double(samples.size()));
}

// Rising zero crossings a second of the fundamental, smoothed.
double pitch_of(std::span<const float> samples) {
  // Autocorrelation peak between 70 and 400 Hz.
  double best = 0;
  std::size_t best_lag = 1;
  for (std::size_t lag = kRateHz / 400; lag < kRateHz / 70; ++lag) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < samples.size(); ++i)
      sum += double(samples[i]) * samples[i + lag];
    sum /= double(samples.size() - lag);
    if (sum > best * 1.02) {
      best = sum;
      best_lag = lag;
    }
  }
  return double(kRateHz) / double(best_lag);
}

TEST(TimeStretch, LengthIsExact) {
  const auto samples = tone(1.0, 120);
  for (const double speed : {0.5, 0.77, 1.0, 1.25, 1.5, 2.0, 3.0}) {
    EXPECT_EQ(stretch_time(samples, kRateHz, speed).size(),
              std::size_t(std::lround(double(samples.size()) / speed)));
  }
  EXPECT_EQ(stretch_time({}, kRateHz, 2).size(), 0u);
  EXPECT_EQ(stretch_time(std::vector<float>(7, 0.5F), kRateHz, 2).size(), 4u);
}

TEST(TimeStretch, KeepsPitchAndLoudness) {
  for (const double pitch : {90.0, 150.0, 240.0}) {
    const auto samples = tone(1.0, pitch);
    for (const double speed : {0.6, 1.3, 2.0}) {
      const auto out = stretch_time(samples, kRateHz, speed);
      EXPECT_NEAR(pitch_of(out) / pitch_of(samples), 1, 0.06) << pitch << " Hz at " << speed;
      EXPECT_NEAR(rms(out) / rms(samples), 1, 0.05) << pitch << " Hz at " << speed;
    }
  }
}

TEST(TimeStretch, SpeedOneIsTheSame) {
  const auto samples = tone(0.3, 150);
  EXPECT_EQ(stretch_time(samples, kRateHz, 1), samples);
}

// Where something happens in the input it happens in the output.
TEST(TimeStretch, KeepsPlaces) {
  std::vector<float> samples(kRateHz * 2, 0.0F);
  const auto burst = tone(0.2, 150);
  std::copy(burst.begin(), burst.end(), samples.begin() + kRateHz);
  for (const double speed : {0.7, 1.5, 2.0}) {
    const auto out = stretch_time(samples, kRateHz, speed);
    std::size_t onset = 0;
    while (onset < out.size() && std::abs(out[onset]) < 0.05F) ++onset;
    EXPECT_NEAR(double(onset) / kRateHz, 1.0 / speed, 0.02);
  }
}

// No clicks: steps between samples stay as small as they were.
TEST(TimeStretch, JoinsAreSmooth) {
  const auto samples = tone(2.0, 130);
  const auto largest_step = [](std::span<const float> x) {
    float step = 0;
    for (std::size_t i = 1; i < x.size(); ++i) step = std::max(step, std::abs(x[i] - x[i - 1]));
    return step;
  };
  EXPECT_LT(largest_step(stretch_time(samples, kRateHz, 1.4)), 1.5F * largest_step(samples));
}

TEST(TimeStretch, RefusesNonsense) {
  const auto samples = tone(0.1, 150);
  EXPECT_THROW(stretch_time(samples, kRateHz, 0), Error);
  EXPECT_THROW(stretch_time(samples, kRateHz, 100), Error);
  EXPECT_THROW(stretch_time(samples, kRateHz, NAN), Error);
  EXPECT_THROW(stretch_time(samples, 0, 2), Error);
}

}  // namespace
}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/loudness.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/synthetic.h"

namespace chatterbox {
namespace {

const synthetic::Json& golden() {
  static const synthetic::Json json = [] {
    std::ifstream file(std::string(TESTS_DIR) + "/golden/loudness/cases.json");
    return synthetic::Json::parse(file);
  }();
  return json;
}

TEST(Loudness, MatchesPyloudnorm) {
  const double target = golden().at("target_lufs").get<double>();
  const double tolerance = golden().at("tolerance").get<double>();
  for (const synthetic::Json& c : golden().at("cases")) {
    const int rate = c.at("rate").get<int>();
    std::vector<float> wave = synthetic::signal(rate, c.at("seconds").get<double>());
    for (float& sample : wave) sample *= c.at("scale").get<float>();
    wave.resize(wave.size() + c.at("silence").get<std::size_t>(), 0.0f);

    const double lufs = loudness_lufs(wave, rate);
    EXPECT_EQ(std::isfinite(lufs), !c.at("lufs").is_null()) << c;
    if (!c.at("lufs").is_null()) {
      EXPECT_NEAR(lufs, c.at("lufs").get<double>(), 1e-5) << c;
    }
    const double gain = c.at("gain").get<double>();
    EXPECT_NEAR(loudness_gain(wave, rate, target), gain, tolerance * gain) << c;
  }
}

TEST(Loudness, BringsSpeechToTheTarget) {
  std::vector<float> wave = synthetic::signal(24000, 6.0);
  const float gain = loudness_gain(wave, 24000, -27);
  for (float& sample : wave) sample *= gain;
  EXPECT_NEAR(loudness_lufs(wave, 24000), -27, 1e-5);
}

}  // namespace
}  // namespace chatterbox

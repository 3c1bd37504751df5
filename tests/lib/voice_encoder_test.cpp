// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice_encoder/voice_encoder.h"

#include <gtest/gtest.h>

#include "chatterbox/error.h"
#include "support/synthetic.h"

namespace chatterbox {
namespace {

using synthetic::golden_case;

TEST(PartialWindows, MatchUpstream) {
  for (const auto& row : golden_case("windows")) {
    const PartialWindows windows(row.at(0).get<std::int64_t>());
    EXPECT_EQ(windows.count, row.at(1).get<std::int64_t>()) << row;
    EXPECT_EQ(windows.frames(), row.at(2).get<std::int64_t>()) << row;
  }
}

TEST(VoiceEncoder, MatchesUpstream) {
  const VoiceEncoder encoder(synthetic::weights(), synthetic::config().voice_encoder);
  const double seconds[] = {2.3, 5.9};
  for (std::size_t i = 0; i < 2; ++i) {
    const at::Tensor embedding = encoder.embed(synthetic::wave(16000, seconds[i]));
    ASSERT_EQ(embedding.sizes(), at::IntArrayRef({1, 16}));
    synthetic::expect_near(embedding, golden_case("voice_encoder").at(i), "embedding");
    EXPECT_NEAR(embedding.norm().item<double>(), 1.0, 1e-5);
  }
}

TEST(VoiceEncoder, NamesAMissingTensor) {
  VoiceEncoderConfig config = synthetic::config().voice_encoder;
  config.layers = 4;
  try {
    const VoiceEncoder encoder(synthetic::weights(), config);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    EXPECT_NE(std::string(error.what()).find("lstm.weight_ih_l3"), std::string::npos);
  }
}

}  // namespace
}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/xvector.h"

#include <gtest/gtest.h>

#include "chatterbox/error.h"
#include "support/synthetic.h"

namespace chatterbox {
namespace {

TEST(XVector, MatchesUpstream) {
  const XVector xvector(synthetic::weights().scope("speaker_encoder"), synthetic::config().xvector);
  // The longer one has three segments, the last of them short.
  const double seconds[] = {2.3, 5.9};
  for (std::size_t i = 0; i < 2; ++i) {
    const at::Tensor vector = xvector.embed(synthetic::wave(16000, seconds[i]));
    ASSERT_EQ(vector.sizes(), at::IntArrayRef({1, 12}));
    synthetic::expect_near(vector, synthetic::golden_case("xvector").at(i), "x-vector");
  }
}

TEST(XVector, RefusesOtherSizes) {
  XVectorConfig config = synthetic::config().xvector;
  config.growth = 8;
  try {
    const XVector xvector(synthetic::weights().scope("speaker_encoder"), config);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    EXPECT_NE(std::string(error.what()).find("expected shape"), std::string::npos);
  }
}

}  // namespace
}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/t3.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chatterbox/error.h"
#include "support/random_t3.h"
#include "t3/decoder.h"

namespace chatterbox {
namespace {

using test::RandomT3;

T3Config tiny() {
  T3Config config;
  config.text_vocab = 40;
  config.start_text = 1;
  config.stop_text = 0;
  config.max_text_tokens = 64;
  config.speech_vocab = 83;
  config.start_speech = 81;
  config.stop_speech = 82;
  config.max_speech_tokens = 200;
  config.hidden = 48;
  config.layers = 3;
  config.heads = 4;
  config.head_dim = 16;
  config.intermediate = 72;
  config.speech_prompt_tokens = 10;
  config.speaker_embedding = 24;
  config.perceiver_queries = 6;
  config.perceiver_heads = 2;
  return config;
}

T3Request request_of(const T3Config& config, std::size_t text_length = 12) {
  T3Request request;
  request.speaker_embedding = at::linspace(-1, 1, config.speaker_embedding).unsqueeze(0);
  request.speech_prompt = at::arange(10, at::kLong).unsqueeze(0);
  for (std::size_t i = 0; i < text_length; ++i)
    request.text_ids.push_back(std::int64_t(2 + i * 7 % 37));
  request.sampling.max_tokens = 30;
  request.sampling.temperature = 0;
  return request;
}

TEST(T3, ClaimsEveryTensorOnce) {
  RandomT3 random(tiny());
  const T3 t3(random.weights(), tiny());
  EXPECT_EQ(t3.config().layers, 3);
  T3Config other = tiny();
  other.layers = 2;
  EXPECT_THROW(T3(random.weights(), other), Error);
  other.layers = 4;
  EXPECT_THROW(T3(random.weights(), other), Error);
}

// The raw buffers and libtorch's operators must say the same.
TEST(T3, BothDecodersAgree) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf}) {
    for (const bool aligned : {false, true}) {
      T3Config config = tiny();
      if (aligned) config.alignment = AlignmentConfig{.layer = 1, .head = 2, .max_stay = 3};
      RandomT3 random(config);
      const Weights weights = random.weights({at::kCPU, type});
      const Llama llama(weights.scope("tfmr"), config);
      const Linear head =
          Linear::hot(weights.scope("speech_head"), config.hidden, config.speech_vocab);
      AlignmentTracker trackers[2] = {{config.alignment.value_or(AlignmentConfig{}), 12},
                                      {config.alignment.value_or(AlignmentConfig{}), 12}};
      std::unique_ptr<Decoder> decoders[2];
      const at::Tensor prefix =
          at::sin(at::arange(2 * 300 * config.hidden, at::kFloat)).view({2, 300, config.hidden});
      for (int i = 0; i < 2; ++i) {
        DecoderOptions options;
        options.rows = 2;
        options.capacity = 320;
        options.text_begin = 8;
        options.tracker = aligned ? &trackers[i] : nullptr;
        options.threads = 2;
        decoders[i] =
            i ? make_tensor_decoder(llama, head, options) : make_raw_decoder(llama, head, options);
        decoders[i]->prefill(prefix);
      }
      for (int step = 0; step < 20; ++step) {
        const at::Tensor x = at::cos(at::arange(config.hidden, at::kFloat) * (step + 1));
        EXPECT_EQ(decoders[0]->step(x.data_ptr<float>(), false), nullptr);
        decoders[1]->step(x.data_ptr<float>(), false);
        if (step == 18) break;
        ASSERT_EQ(trackers[0].peak(), trackers[1].peak());
      }
      const at::Tensor x = at::ones({config.hidden});
      const std::vector<std::int64_t> shape{2, config.speech_vocab};
      const at::Tensor raw = at::from_blob(decoders[0]->step(x.data_ptr<float>(), true), shape);
      const at::Tensor plain = at::from_blob(decoders[1]->step(x.data_ptr<float>(), true), shape);
      EXPECT_LT((raw - plain).abs().max().item<float>(), 1e-4 * plain.abs().max().item<float>())
          << type << (aligned ? " aligned" : "");
    }
  }
}

TEST(T3, ThreadsDoNotChangeTokens) {
  RandomT3 random(tiny());
  const T3 one(random.weights(), tiny(), 1);
  const T3 three(random.weights(), tiny(), 3);
  EXPECT_EQ(one.generate(request_of(tiny()), {}), three.generate(request_of(tiny()), {}));
}

TEST(T3, SeedDecidesTheDraws) {
  RandomT3 random(tiny());
  const T3 t3(random.weights(), tiny());
  T3Request request = request_of(tiny());
  request.sampling.temperature = 1;
  request.sampling.seed = 4;
  const auto first = t3.generate(request, {});
  EXPECT_EQ(t3.generate(request, {}), first);
  request.sampling.seed = 5;
  EXPECT_NE(t3.generate(request, {}), first);
}

TEST(T3, GuidanceOffIsOneRow) {
  RandomT3 random(tiny());
  const T3 t3(random.weights(), tiny());
  T3Request request = request_of(tiny());
  std::int64_t rows = 0;
  T3Trace trace;
  at::Tensor conditional;
  trace.logits = [&](int step, const at::Tensor& logits) {
    rows = logits.size(0);
    if (step == 0) conditional = logits[0];
  };
  t3.generate(request, {}, trace);
  EXPECT_EQ(rows, 2);
  const at::Tensor guided = conditional;
  request.sampling.cfg_weight = 0;
  t3.generate(request, {}, trace);
  EXPECT_EQ(rows, 1);
  EXPECT_LT((guided - conditional).abs().max().item<float>(), 1e-4);
}

TEST(T3, SinkSeesTokensAndCancels) {
  RandomT3 random(tiny());
  const T3 t3(random.weights(), tiny());
  std::vector<std::int64_t> seen;
  const auto tokens = t3.generate(request_of(tiny()), [&](std::int64_t token, int position) {
    EXPECT_EQ(position, -1);
    seen.push_back(token);
    return true;
  });
  EXPECT_EQ(tokens, seen);
  ASSERT_GE(tokens.size(), 5u);
  int left = 3;
  const auto ended = t3.generate(request_of(tiny()), [&](std::int64_t, int) { return --left > 0; });
  EXPECT_EQ(left, 0);
  EXPECT_EQ(ended, std::vector(tokens.begin(), tokens.begin() + 3));
}

TEST(T3, RefusesBadRequests) {
  RandomT3 random(tiny());
  const T3 t3(random.weights(), tiny());
  T3Request request = request_of(tiny());
  request.text_ids.clear();
  EXPECT_THROW(t3.generate(request, {}), Error);
  request.text_ids.assign(65, 3);
  EXPECT_THROW(t3.generate(request, {}), Error);
  request.text_ids.assign(3, 40);
  EXPECT_THROW(t3.generate(request, {}), Error);
  request = request_of(tiny());
  request.speech_prompt = at::full({1, 4}, 83, at::kLong);
  EXPECT_THROW(t3.generate(request, {}), Error);
  request.speech_prompt = at::empty({1, 0}, at::kLong);
  EXPECT_NO_THROW(t3.generate(request, {}));
}

// With the window the text is walked from its first symbol to its last.
TEST(T3, AlignmentWalksTheText) {
  T3Config config = tiny();
  config.alignment = AlignmentConfig{.layer = 2, .head = 0, .back = 0, .ahead = 2, .max_stay = 2};
  RandomT3 random(config);
  const T3 t3(random.weights(), config);
  T3Request request = request_of(config);
  request.sampling.max_tokens = 150;
  std::vector<int> path;
  t3.generate(request, [&](std::int64_t, int position) {
    path.push_back(position);
    return true;
  });
  ASSERT_FALSE(path.empty());
  for (std::size_t i = 1; i < path.size(); ++i) {
    EXPECT_GE(path[i], path[i - 1]);
    EXPECT_LE(path[i], path[i - 1] + 2);
  }
  EXPECT_GE(path.back(), 10);
  EXPECT_LE(path.size(), 2u * 12 + 3) << "no position lasts longer than max_stay";
}

TEST(AlignmentTracker, FollowsTheRules) {
  AlignmentTracker tracker({.layer = 0, .head = 0, .back = 1, .ahead = 3, .max_stay = 2}, 6);
  EXPECT_EQ(tracker.window().begin, 0);
  EXPECT_EQ(tracker.window().end, 4);
  tracker.advance(2);
  EXPECT_EQ(tracker.window().begin, 1);
  EXPECT_EQ(tracker.window().end, 6);
  tracker.advance(1);  // back, but time goes on at 2
  EXPECT_EQ(tracker.window().begin, 3);
  EXPECT_EQ(tracker.window().end, 6);
  EXPECT_FALSE(tracker.may_end());
  tracker.advance(4);
  EXPECT_TRUE(tracker.may_end());
  tracker.advance(5);
  EXPECT_FALSE(tracker.must_end());
  tracker.advance(5);
  EXPECT_EQ(tracker.window().begin, 5);
  EXPECT_EQ(tracker.window().end, 6);
  EXPECT_FALSE(tracker.must_end());
  tracker.advance(5);
  EXPECT_TRUE(tracker.must_end());
}

}  // namespace
}  // namespace chatterbox

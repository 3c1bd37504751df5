// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/t3.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chatterbox/error.h"
#include "nn/cpu_features.h"
#include "support/random_t3.h"
#include "t3/decoder.h"
#include "t3/raw_prefill.h"

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

T3Config tiny_gpt2() {
  T3Config config = tiny();
  config.backbone = Backbone::kGpt2;
  config.start_text = config.stop_text = std::nullopt;
  config.start_tokens = 1;
  config.hidden = 64;
  config.intermediate = 256;
  config.max_positions = 400;
  config.perceiver_queries = 0;
  config.emotion = config.guidance = false;
  config.sampling = Sampling::kPenaltyLast;
  return config;
}

// Every backbone by name.
struct Case {
  const char* name;
  T3Config config;
};
std::vector<Case> backbones() { return {{"llama", tiny()}, {"gpt2", tiny_gpt2()}}; }

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
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf, at::kChar}) {
    const bool int8 = type == at::kChar;
    for (const char* kind : {"plain", "aligned", "gpt2"}) {
      const bool aligned = std::string(kind) == "aligned";
      T3Config config = std::string(kind) == "gpt2" ? tiny_gpt2() : tiny();
      if (aligned) config.alignment = AlignmentConfig{.layer = 1, .head = 2, .max_stay = 3};
      RandomT3 random(config);
      const Weights weights = random.weights({at::kCPU, int8 ? at::kFloat : type, int8});
      const Transformer transformer(weights.scope("tfmr"), config);
      const Linear head =
          Linear::hot(weights.scope("speech_head"), config.hidden, config.speech_vocab,
                      config.backbone == Backbone::kGpt2 ? Bias::kYes : Bias::kNone);
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
        decoders[i] = i ? make_tensor_decoder(transformer, head, options)
                        : make_raw_decoder(transformer, head, options);
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
      // Keys and values of bfloat16, and with int8 a prefix of bytes, are what the raw decoder
      // rounds more.
      const bool coarse = int8 || type == at::kBFloat16;
      EXPECT_LT((raw - plain).abs().max().item<float>(), (int8     ? 2e-2
                                                          : coarse ? 1e-2
                                                                   : 1e-4) *
                                                             plain.abs().max().item<float>())
          << type << " " << kind;
    }
  }
}

TEST(T3, Gpt2ClaimsEveryTensorOnce) {
  RandomT3 random(tiny_gpt2());
  EXPECT_NO_THROW(T3(random.weights(), tiny_gpt2()));
  T3Config other = tiny_gpt2();
  other.layers = 2;
  EXPECT_THROW(T3(random.weights(), other), Error);
  EXPECT_THROW(T3(random.weights(), tiny()), Error);
}

// One position after another gives what all at once gives: learned positions go on
// through the cache.
TEST(T3, PrefillAndStepsAgree) {
  for (const auto& [name, config] : backbones()) {
    RandomT3 random(config);
    const Weights weights = random.weights();
    const Transformer transformer(weights.scope("tfmr"), config);
    const at::Tensor x =
        at::sin(at::arange(9 * config.hidden, at::kFloat)).view({1, 9, config.hidden});
    KvCache whole = transformer.make_cache(1, 9), parts = transformer.make_cache(1, 9);
    const at::Tensor expected = transformer.prefill(x, whole);
    transformer.prefill(x.narrow(1, 0, 4), parts);
    const at::Tensor got = transformer.prefill(x.narrow(1, 4, 5), parts);
    EXPECT_LT((got - expected.narrow(1, 4, 5)).abs().max().item<float>(), 1e-5) << name;
  }
}

// The processor's own kernels leave in the cache what libtorch's operators leave: in one go
// and in blocks, behind what is there and from the beginning.
TEST(T3, RawPrefillFillsTheSameCache) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf, at::kChar}) {
    for (const auto& [name, config] : backbones()) {
      const bool int8 = type == at::kChar;
      RandomT3 random(config);
      const Weights weights = random.weights({at::kCPU, int8 ? at::kFloat : type, int8});
      const Transformer transformer(weights.scope("tfmr"), config);
      constexpr std::int64_t kLength = 310, kBefore = 7;
      const at::Tensor x = at::sin(at::arange(2 * kLength * config.hidden, at::kFloat))
                               .view({2, kLength, config.hidden});
      KvCache expected = transformer.make_cache(2, kLength);
      transformer.prefill(x, expected);
      KvCache got = transformer.make_raw_cache(2, kLength);
      raw_prefill(transformer, x.narrow(1, 0, kBefore), got, 2);
      raw_prefill(transformer, x.narrow(1, kBefore, kLength - kBefore), got, 2);
      EXPECT_EQ(got.length, kLength);
      EXPECT_THROW(raw_prefill(transformer, x.narrow(1, 0, 1), got, 2), Error);
      // Without VNNI activations have 7 bits in place of 8.
      const double bytes = has_fast_int8() ? 2e-2 : 4e-2;
      const double tolerance = type == at::kFloat || type == at::kHalf ? 1e-5 : int8 ? bytes : 1e-2;
      const at::Tensor pairs[][2] = {{got.k, expected.k}, {got.v, expected.v}};
      for (const auto& [raw, plain] : pairs) {
        const at::Tensor error = raw.to(at::kFloat) - plain;
        EXPECT_LT(error.abs().max().item<float>(), 2 * tolerance * plain.abs().max().item<float>())
            << type << " " << name;
        // Of all together, which the largest difference says little of.
        EXPECT_LT(error.norm().item<float>(), tolerance * plain.norm().item<float>())
            << type << " " << name;
      }
    }
  }
}

// A voice that was heard before says what a voice that is heard now says.
TEST(T3, KeptVoiceChangesNothing) {
  for (const auto& [name, config] : backbones()) {
    RandomT3 random(config);
    const T3 t3(random.weights(), config);
    T3Request request = request_of(config);
    std::vector<at::Tensor> now, kept;
    T3Trace trace;
    trace.logits = [&](int, const at::Tensor& logits) { now.push_back(logits); };
    const auto tokens = t3.generate(request, {}, trace);
    request.prefix = t3.hear(request);
    EXPECT_GT(request.prefix->bytes(), 0);
    for (const std::size_t length : {5u, 12u}) {
      T3Request other = request_of(config, length);
      other.prefix = request.prefix;
      t3.generate(other, {});
    }
    trace.logits = [&](int, const at::Tensor& logits) { kept.push_back(logits); };
    EXPECT_EQ(t3.generate(request, {}, trace), tokens) << name;
    ASSERT_EQ(now.size(), kept.size());
    for (std::size_t i = 0; i < now.size(); ++i) EXPECT_TRUE(now[i].equal(kept[i])) << name << i;
  }
}

// Narrower types say what float32 says: of the range of the logits, bfloat16 differs by 1 %.
TEST(T3, NarrowTypesKeepTheLogits) {
  for (const auto& [name, config] : backbones()) {
    RandomT3 random(config);
    const auto logits_of = [&, &config = config](const Placement& placement) {
      const T3 t3(random.weights(placement), config, 2);
      T3Trace trace;
      std::vector<at::Tensor> all;
      trace.logits = [&](int, const at::Tensor& logits) { all.push_back(logits); };
      trace.choose = [&](const at::Tensor&) { return std::int64_t(all.size() * 5 % 80); };
      t3.generate(request_of(config), {}, trace);
      return at::stack(all);
    };
    const at::Tensor exact = logits_of({});
    const float range = (exact.max() - exact.min()).item<float>();
    const auto difference = [&](const Placement& placement) {
      return (logits_of(placement) - exact).abs().max().item<float>() / range;
    };
    EXPECT_LT(difference({at::kCPU, at::kBFloat16}), 0.01) << name;
    EXPECT_LT(difference({at::kCPU, at::kFloat, /*int8=*/true}), 0.03) << name;
  }
}

// The prompt is heard as it is, and neither guidance nor emotion are known.
TEST(T3, Gpt2HearsSpeakerAndPromptAlone) {
  const T3Config config = tiny_gpt2();
  RandomT3 random(config);
  const T3 t3(random.weights(), config);
  T3Request request = request_of(config);
  request.exaggeration = 0.1;
  std::int64_t rows = 0;
  T3Trace trace;
  at::Tensor heard;
  trace.conditioning = [&](const at::Tensor& x) { heard = x.clone(); };
  trace.logits = [&](int, const at::Tensor& logits) { rows = logits.size(0); };
  const auto tokens = t3.generate(request, {}, trace);
  EXPECT_EQ(heard.size(1), 1 + request.speech_prompt.size(1));
  EXPECT_EQ(rows, 1) << "guidance is asked for and not known";
  request.exaggeration = 1.9;
  EXPECT_EQ(t3.generate(request, {}), tokens);
}

// Upstream makes one token and then as many as it was asked for, and does not look
// whether the first one ends speech.
TEST(T3, PenaltyLastCountsFromTheSecondToken) {
  T3Config config = tiny_gpt2();
  RandomT3 random(config);
  T3Request request = request_of(config);
  request.sampling.max_tokens = 7;
  const T3 t3(random.weights(), config);
  std::vector<std::int64_t> tokens = t3.generate(request, {});
  ASSERT_EQ(tokens.size(), 8u);
  config.stop_speech = int(tokens[0]);
  const T3 stopping(random.weights(), config);
  tokens = stopping.generate(request, {});
  ASSERT_FALSE(tokens.empty());
  EXPECT_EQ(tokens[0], config.stop_speech);
}

TEST(T3, RefusesTextBeyondTheTableOfPositions) {
  T3Config config = tiny_gpt2();
  config.max_positions = 30;
  RandomT3 random(config);
  const T3 t3(random.weights(), config);
  EXPECT_NO_THROW(t3.generate(request_of(config, 12), {}));
  EXPECT_THROW(t3.generate(request_of(config, 20), {}), Error);
}

TEST(T3, ThreadsDoNotChangeTokens) {
  RandomT3 random(tiny());
  const T3 one(random.weights(), tiny(), 1);
  const T3 three(random.weights(), tiny(), 3);
  EXPECT_EQ(one.generate(request_of(tiny()), {}), three.generate(request_of(tiny()), {}));
}

// Guesses change how tokens are made, and none of them: on both backbones, with and without
// guidance, drawn and likeliest, to the last place.
TEST(T3, GuessesChangeNoToken) {
  for (const auto& [name, config] : backbones()) {
    RandomT3 random(config);
    const T3 plain(random.weights(), config, 2, Guesses::kNever);
    const T3 guessing(random.weights(), config, 2, Guesses::kAlways);
    for (const double temperature : {0.0, 0.8}) {
      for (const double cfg_weight : {0.0, 0.5}) {
        T3Request request = request_of(config);
        request.sampling.temperature = temperature;
        request.sampling.cfg_weight = cfg_weight;
        request.sampling.seed = 7;
        const auto expected = plain.generate(request, {});
        EXPECT_GT(expected.size(), 10u);
        EXPECT_EQ(guessing.generate(request, {}), expected)
            << name << ", temperature " << temperature << ", guidance " << cfg_weight;
      }
    }
  }
}

// Several positions at once give what one after the other gives, and a draft of int8 nearly so.
TEST(T3, StepsAtOnceAgreeWithSteps) {
  for (const auto& [name, config] : backbones()) {
    RandomT3 random(config);
    for (const auto& [type, rows] : std::vector<std::pair<at::ScalarType, std::int64_t>>{
             {at::kFloat, 1}, {at::kFloat, 2}, {at::kBFloat16, 1}, {at::kBFloat16, 2}}) {
      const Weights weights = random.weights({at::kCPU, type});
      const Transformer transformer(weights.scope("tfmr"), config);
      const Linear head =
          Linear::hot(weights.scope("speech_head"), config.hidden, config.speech_vocab,
                      config.backbone == Backbone::kGpt2 ? Bias::kYes : Bias::kNone);
      const DraftModel draft(transformer, head);
      DecoderOptions options;
      options.rows = rows;
      options.capacity = 60;
      options.threads = 2;
      options.draft = &draft;
      const auto decoder = make_raw_decoder(transformer, head, options);
      decoder->prefill(at::sin(at::arange(rows * 40 * config.hidden, at::kFloat))
                           .view({rows, 40, config.hidden}));
      const int count = decoder->max_steps();
      const at::Tensor x =
          at::cos(at::arange(count * config.hidden, at::kFloat)).view({count, config.hidden});
      const auto copy = [&](const float* logits, std::int64_t positions) {
        return at::from_blob(const_cast<float*>(logits),
                             {positions, options.rows, config.speech_vocab})
            .clone();
      };
      std::vector<at::Tensor> single, drafted;
      for (int i = 0; i < count; ++i)
        drafted.push_back(copy(decoder->draft(x[i].data_ptr<float>()), 1));
      decoder->rewind(40);
      for (int i = 0; i < count; ++i)
        single.push_back(copy(decoder->step(x[i].data_ptr<float>(), true), 1));
      decoder->rewind(40);
      const at::Tensor expected = at::cat(single);
      const float peak = expected.abs().max().item<float>();
      const auto error = [&](const at::Tensor& logits) {
        return (logits - expected).abs().max().item<float>() / peak;
      };
      EXPECT_LT(error(copy(decoder->steps(x.data_ptr<float>(), count), count)),
                type == at::kFloat ? 1e-5 : 1e-2)
          << name << " " << type << ", rows " << rows;
      EXPECT_LT(error(at::cat(drafted)), 5e-2) << name << " " << type << ", rows " << rows;
    }
  }
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

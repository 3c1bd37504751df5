// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Tiny models of every family, stage by stage, against what upstream's Python computed
// with them; golden.json says with which versions, and how far apart is too far.
#include "golden_case.h"

#include <gtest/gtest.h>

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <vector>

#include "../parity/parity_case.h"
#include "../support/temporary_directory.h"
#include "hift/hift.h"
#include "internals.h"
#include "model_parts.h"
#include "s3gen/prompt_cache.h"
#include "speech_stream.h"

namespace chatterbox::test {
namespace {

const std::filesystem::path kGolden = std::string(TESTS_DIR) + "/golden";

struct Stage {
  std::string golden;  // a directory of kGolden
  std::string name;
};

constexpr const char* kCases[] = {"tiny", "tiny_turbo", "tiny_nano", "tiny_multilingual"};

std::vector<Stage> all_stages() {
  std::vector<Stage> stages;
  for (const char* golden : kCases)
    for (const std::string& name : GoldenCase(kGolden / golden).stages())
      stages.push_back({golden, name});
  return stages;
}

std::shared_ptr<const Model> load(const GoldenCase& golden, ModelOptions options = {}) {
  options.device = "cpu";
  options.dtype = "float32";
  const TemporaryDirectory scratch;
  return Model::load(golden.make_model(scratch.path("")), options);
}

// Computed once, by the first test that asks.
const Stages& our_stages(const GoldenCase& golden) {
  static std::map<std::string, Stages> computed;
  const auto known = computed.find(golden.path());
  if (known != computed.end()) return known->second;
  return computed[golden.path()] = compute_stages(read_case(golden.path()), *load(golden));
}

// Largest error over the largest magnitude. Values that upstream dropped to
// minus infinity must be dropped here as well, and no others.
double relative_error(const at::Tensor& expected, const at::Tensor& got) {
  const at::Tensor kept = expected.isneginf().logical_not();
  if (!kept.equal(got.isneginf().logical_not())) return std::numeric_limits<double>::infinity();
  const at::Tensor difference = (expected - got).masked_select(kept).abs();
  return difference.max().item<double>() / expected.masked_select(kept).abs().max().item<double>();
}

double snr_db(const at::Tensor& expected, const at::Tensor& got) {
  return 10 * std::log10(expected.square().sum().item<double>() /
                         (expected - got).square().sum().item<double>());
}

class Golden : public testing::TestWithParam<Stage> {};

TEST_P(Golden, EqualsUpstream) {
  const GoldenCase golden(kGolden / GetParam().golden);
  const std::string& name = GetParam().name;
  const at::Tensor expected = golden.expected(name);
  const Stages& ours = our_stages(golden);
  ASSERT_EQ(ours.count(name), 1U);
  const at::Tensor got = golden.kept(name, ours.at(name));
  ASSERT_EQ(got.sizes(), expected.sizes());
  const auto bound = golden.bound(name);
  if (bound.contains("snr_db")) {
    EXPECT_GE(snr_db(expected.to(at::kDouble), got.to(at::kDouble)),
              bound.at("snr_db").get<double>());
  } else if (at::isIntegralType(expected.scalar_type(), false)) {
    EXPECT_TRUE(got.equal(expected)) << (got != expected).sum().item<std::int64_t>() << " of "
                                     << expected.numel() << " tokens differ";
  } else {
    EXPECT_LE(relative_error(expected.to(at::kDouble), got.to(at::kDouble)),
              bound.at("tolerance").get<double>());
  }
}

INSTANTIATE_TEST_SUITE_P(, Golden, testing::ValuesIn(all_stages()), [](const auto& info) {
  return info.param.golden + "_" + info.param.name;
});

class GoldenModel : public testing::TestWithParam<const char*> {
 protected:
  // Its speech with seed 3, of a voice of its reference.
  static Audio speak(Engine& engine, const Voice& voice, const SynthesisOptions& how) {
    SynthesisOptions options = how;
    options.seed = 3;
    options.max_tokens = 20;
    options.watermark = false;
    return engine.synthesize("Hello there.", voice, options);
  }
  static constexpr SynthesisOptions in_chunks(int first, int others) {
    SynthesisOptions options;
    options.first_chunk_size = first;
    options.chunk_size = others;
    return options;
  }
  static SynthesisOptions at_once() {
    SynthesisOptions options;
    options.streaming = false;
    return options;
  }
  const GoldenCase golden_{kGolden / GetParam()};
  const Audio reference_ = read_case(golden_.path()).reference;
};

TEST_P(GoldenModel, SpeaksTheSameStreamedInOnePiece) {
  for (const char* attention : {"full", "chunk"}) {
    ModelOptions how;
    how.attention = attention;
    Engine engine(load(golden_, how));
    const Voice voice = engine.make_voice(reference_);
    const Audio whole = speak(engine, voice, at_once());
    EXPECT_GT(whole.seconds(), 0.1);
    EXPECT_EQ(speak(engine, voice, in_chunks(1000, 1000)).samples, whole.samples) << attention;
  }
}

// The groups that attention is limited to are the chunks, whoever has all tokens before the first
// is spoken.
TEST_P(GoldenModel, SpeaksTheSameWhenAllTokensAreThere) {
  const c10::InferenceMode inference;
  ModelOptions how;
  how.attention = "chunk";
  Engine engine(load(golden_, how));
  const ModelParts& parts = Internals::parts(*engine.model());
  const auto prompt = parts.prompt(engine.make_voice(reference_), parts.attention.streaming, 0);
  std::vector<std::int64_t> tokens;
  for (std::int64_t i = 0; i < 60; ++i)
    tokens.push_back((i * 31 + i * i * 5) % parts.config.s3tokenizer.codebook_size());
  const auto speak_tokens = [&](std::size_t handed) {
    SpeechStream stream(*parts.s3gen, *parts.hift, prompt,
                        {.seed = 3, .first_chunk = 8, .chunk = 25});
    std::vector<at::Tensor> pieces;
    for (std::size_t i = 0; i < tokens.size(); i += handed)
      pieces.push_back(
          stream.push(std::span(tokens).subspan(i, std::min(handed, tokens.size() - i))));
    pieces.push_back(stream.finish());
    return at::cat(pieces);
  };
  const at::Tensor streamed = speak_tokens(1);
  EXPECT_GT(streamed.size(0), 59 * kSamplesPerToken);
  EXPECT_TRUE(speak_tokens(tokens.size()).equal(streamed));
}

// By itself a processor streams in chunks and speaks whole utterances as upstream does.
TEST_P(GoldenModel, ChoosesItsAttentionByTheCall) {
  Engine engine(load(golden_));
  const Voice voice = engine.make_voice(reference_);
  std::map<std::string, Audio> whole, streamed;
  for (const char* attention : {"full", "chunk"}) {
    ModelOptions how;
    how.attention = attention;
    Engine other(load(golden_, how));
    const Voice its = other.make_voice(reference_);
    whole[attention] = speak(other, its, at_once());
    streamed[attention] = speak(other, its, in_chunks(8, 8));
  }
  EXPECT_NE(whole["full"].samples, whole["chunk"].samples);
  EXPECT_NE(streamed["full"].samples, streamed["chunk"].samples);
  EXPECT_EQ(speak(engine, voice, at_once()).samples, whole["full"].samples);
  EXPECT_EQ(speak(engine, voice, in_chunks(8, 8)).samples, streamed["chunk"].samples);
}

// What is kept of voices is bounded, and speech does not depend on it.
TEST_P(GoldenModel, KeepsWhatFitsOfVoices) {
  ModelOptions how;
  how.voice_cache_bytes = 0;
  Engine forgetful(load(golden_, how)), engine(load(golden_));
  const Voice voice = engine.make_voice(reference_), other = engine.make_voice(reference_);
  const Audio first = speak(engine, voice, in_chunks(8, 8));
  const std::int64_t one = engine.model()->voice_cache_bytes();
  EXPECT_GT(one, 0);
  EXPECT_EQ(speak(engine, voice, in_chunks(8, 8)).samples, first.samples);
  EXPECT_EQ(engine.model()->voice_cache_bytes(), one);
  EXPECT_EQ(speak(forgetful, forgetful.make_voice(reference_), in_chunks(8, 8)).samples,
            first.samples);
  EXPECT_EQ(forgetful.model()->voice_cache_bytes(), 0);

  speak(engine, other, in_chunks(8, 8));
  EXPECT_EQ(engine.model()->voice_cache_bytes(), 2 * one);
  how.voice_cache_bytes = one + one / 2;
  Engine small(load(golden_, how));
  for (const Voice& each : {voice, other})
    EXPECT_FALSE(speak(small, each, in_chunks(8, 8)).samples.empty());
  EXPECT_LE(small.model()->voice_cache_bytes(), how.voice_cache_bytes);
  EXPECT_GT(small.model()->voice_cache_bytes(), 0);
}

INSTANTIATE_TEST_SUITE_P(, GoldenModel, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace chatterbox::test

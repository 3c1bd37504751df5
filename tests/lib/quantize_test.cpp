// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "t3/quantize.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <utility>
#include <vector>

#include "chatterbox/error.h"
#include "nn/tensor_writer.h"
#include "support/random_t3.h"
#include "t3/t3.h"

namespace chatterbox {
namespace {

T3Config small(Backbone backbone) {
  T3Config config;
  config.text_vocab = 40;
  config.start_text = 1;
  config.stop_text = 0;
  config.max_text_tokens = 64;
  config.speech_vocab = 83;
  config.start_speech = 81;
  config.stop_speech = 82;
  config.max_speech_tokens = 200;
  config.hidden = 64;
  config.layers = 2;
  config.heads = 4;
  config.head_dim = 16;
  config.intermediate = 128;
  config.speech_prompt_tokens = 10;
  config.speaker_embedding = 24;
  config.perceiver_queries = 6;
  config.perceiver_heads = 2;
  if (backbone == Backbone::kLlama) return config;
  config.backbone = backbone;
  config.start_text = config.stop_text = std::nullopt;
  config.start_tokens = 1;
  config.max_positions = 400;
  config.perceiver_queries = 0;
  config.emotion = config.guidance = false;
  config.sampling = Sampling::kPenaltyLast;
  return config;
}

// Goes away with what lies under its name.
struct TemporaryFile {
  explicit TemporaryFile(const char* name)
      : path(testing::TempDir() + name + std::to_string(getpid())) {}
  ~TemporaryFile() { std::remove(path.c_str()); }
  std::string path;
};

std::vector<at::Tensor> logits_of(const Weights& weights, const T3Config& config) {
  const T3 t3(weights, config, 2);
  T3Request request;
  request.speaker_embedding = at::linspace(-1, 1, config.speaker_embedding).unsqueeze(0);
  request.speech_prompt = at::arange(10, at::kLong).unsqueeze(0);
  for (std::int64_t i = 0; i < 12; ++i) request.text_ids.push_back(2 + i * 7 % 37);
  request.sampling.max_tokens = 9;
  request.sampling.temperature = 0;
  std::vector<at::Tensor> all;
  T3Trace trace;
  trace.logits = [&](int, const at::Tensor& logits) { all.push_back(logits); };
  t3.generate(request, {}, trace);
  return all;
}

// Quantised before or while it is loaded, a T3 says the same to the last bit.
TEST(Quantize, SaysWhatQuantisingAtLoadingSays) {
  for (const Backbone backbone : {Backbone::kLlama, Backbone::kGpt2}) {
    const T3Config config = small(backbone);
    const test::RandomT3 random(config);
    const TemporaryFile file("quantized_");
    const QuantizedSize size = quantize_t3(*random.file(), file.path);
    EXPECT_EQ(size.matrices, backbone == Backbone::kLlama ? 2 * 7 + 1 : 2 * 4 + 1);
    EXPECT_LT(size.bytes_after, size.bytes_before);
    const Placement int8{at::kCPU, at::kFloat, /*int8=*/true};
    const std::vector<at::Tensor> expected = logits_of(random.weights(int8), config);
    const std::vector<at::Tensor> got =
        logits_of(Weights(TensorFile::open(file.path), int8), config);
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i].equal(expected[i])) << i;
    // In another type it says what the rows stand for.
    const std::vector<at::Tensor> wide =
        logits_of(Weights(TensorFile::open(file.path), {}), config);
    EXPECT_LT((wide[0] - got[0]).abs().max().item<float>(),
              0.02 * (wide[0].max() - wide[0].min()).item<float>());
  }
}

// The rows are used where they are mapped, not copied.
TEST(Quantize, RowsAreMapped) {
  const test::RandomT3 random(small(Backbone::kLlama));
  const TemporaryFile path("mapped_");
  quantize_t3(*random.file(), path.path);
  const auto file = TensorFile::open(path.path);
  const std::string name = "speech_head.weight";
  const QuantizedRows rows = Weights(file, {}).take_hot_rows(name, {83, 64}, /*transposed=*/false);
  EXPECT_TRUE(rows.values.is_alias_of(file->tensor(name)) ||
              rows.values.data_ptr() == file->tensor(name).data_ptr());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(rows.values.data_ptr()) % 64, 0u);
}

TEST(Quantize, RefusesWhatIsNoT3OrQuantisedAlready) {
  const test::RandomT3 random(small(Backbone::kGpt2));
  const TemporaryFile once("once_"), twice("twice_"), none("none_");
  quantize_t3(*random.file(), once.path);
  EXPECT_THROW(quantize_t3(*TensorFile::open(once.path), twice.path), Error);
  write_tensors(none.path, {{"a", at::kFloat, {2}, [] { return at::ones({2}); }}});
  EXPECT_THROW(quantize_t3(*TensorFile::open(none.path), twice.path), Error);
  EXPECT_FALSE(std::ifstream(twice.path).good()) << "nothing is left of what failed";
}

// Each file is wrong in one way, and its message names the tensor.
TEST(Quantize, DefectiveRowsAreNamed) {
  const auto number = [](at::Tensor tensor) {
    return TensorToWrite{"", tensor.scalar_type(), tensor.sizes().vec(), [=] { return tensor; }};
  };
  const at::Tensor rows = at::ones({4, 64}, at::kChar), scale = at::ones({4});
  const std::vector<std::pair<std::string, std::vector<std::pair<const char*, at::Tensor>>>>
      defects = {
          {"missing", {{"w", rows}}},
          {"expected shape", {{"w", rows}, {"w.scale", at::ones({3})}}},
          {"floating-point", {{"w", rows}, {"w.scale", at::ones({4}, at::kInt)}}},
          {"is missing", {{"other", rows}}},
          {"expected shape", {{"w", at::ones({64, 4}, at::kChar)}, {"w.scale", at::ones({64})}}},
      };
  for (const auto& [what, tensors] : defects) {
    const TemporaryFile path("defect_");
    std::vector<TensorToWrite> all;
    for (const auto& [name, tensor] : tensors) {
      all.push_back(number(tensor));
      all.back().name = name;
    }
    write_tensors(path.path, all);
    const Weights weights(TensorFile::open(path.path), {});
    try {
      weights.take_hot_rows("w", {4, 64}, /*transposed=*/false);
      ADD_FAILURE() << what << ": was taken";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("\"w"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace chatterbox

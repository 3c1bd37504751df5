// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Tiny models of every family, stage by stage, against what upstream's Python computed
// with them; golden.json says with which versions, and how far apart is too far.
#include "golden_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "../parity/parity_case.h"
#include "../support/temporary_directory.h"

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

std::shared_ptr<const Model> load(const GoldenCase& golden) {
  ModelOptions options;
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

class GoldenModel : public testing::TestWithParam<const char*> {};

TEST_P(GoldenModel, SpeaksTheSameStreamedInOnePiece) {
  const GoldenCase golden(kGolden / GetParam());
  Engine engine(load(golden));
  const Voice voice = engine.make_voice(read_case(golden.path()).reference);
  SynthesisOptions options;
  options.seed = 3;
  options.max_tokens = 20;
  options.watermark = false;
  options.streaming = false;
  const Audio whole = engine.synthesize("Hello there.", voice, options);
  options.streaming = true;
  options.first_chunk_size = options.chunk_size = 1000;
  EXPECT_GT(whole.seconds(), 0.1);
  EXPECT_EQ(engine.synthesize("Hello there.", voice, options).samples, whole.samples);
}

INSTANTIATE_TEST_SUITE_P(, GoldenModel, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace chatterbox::test

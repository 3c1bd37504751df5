// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The tiny model, stage by stage, against what upstream's Python computed with
// it; golden.json says with which versions, and how far apart is too far.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "../parity/parity_case.h"
#include "../support/npy.h"

namespace chatterbox::test {
namespace {

const std::string kGolden = std::string(TESTS_DIR) + "/golden/tiny";

nlohmann::json read_bounds() {
  std::ifstream file(kGolden + "/golden.json");
  return nlohmann::json::parse(file).at("stages");
}

std::vector<std::string> stage_names() {
  std::vector<std::string> names;
  const nlohmann::json bounds = read_bounds();
  for (const auto& [name, bound] : bounds.items()) names.push_back(name);
  return names;
}

// Computed once, by the first test that asks.
const Stages& our_stages() {
  static const Stages stages = [] {
    ModelOptions options;
    options.device = "cpu";
    options.dtype = "float32";
    return compute_stages(read_case(kGolden), *Model::load(kGolden + "/model", options));
  }();
  return stages;
}

// Largest error over the largest magnitude. Values that upstream dropped to
// minus infinity must be dropped here as well, and no others.
double relative_error(const at::Tensor& expected, const at::Tensor& got) {
  const at::Tensor kept = expected.isneginf().logical_not();
  if (!kept.equal(got.isneginf().logical_not())) return std::numeric_limits<double>::infinity();
  const at::Tensor difference = (expected - got).masked_select(kept).abs();
  return difference.max().item<double>() /
         expected.masked_select(kept).abs().max().item<double>();
}

double snr_db(const at::Tensor& expected, const at::Tensor& got) {
  return 10 * std::log10(expected.square().sum().item<double>() /
                         (expected - got).square().sum().item<double>());
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, EqualsUpstream) {
  const std::string& name = GetParam();
  const at::Tensor expected = read_npy(kGolden + "/upstream/" + name + ".npy");
  ASSERT_EQ(our_stages().count(name), 1U);
  const at::Tensor got = our_stages().at(name);
  ASSERT_EQ(got.sizes(), expected.sizes());
  const auto bound = read_bounds().at(name);
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

INSTANTIATE_TEST_SUITE_P(Tiny, Golden, testing::ValuesIn(stage_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace chatterbox::test

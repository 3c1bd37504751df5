// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config.h"
#include "nn/weights.h"

// Signals and weights by the formulas of tests/golden/reference/make.py, and the
// results that upstream has for them.
namespace chatterbox::synthetic {

using Json = nlohmann::json;

// In [-1, 1), exact in float32: FNV-1a of the name, then splitmix64.
inline std::vector<double> uniform(const std::string& name, std::size_t count) {
  std::uint64_t state = 0xcbf29ce484222325;
  for (const char byte : name) state = (state ^ std::uint8_t(byte)) * 0x100000001b3;
  std::vector<double> values(count);
  for (double& value : values) {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z = z ^ (z >> 31);
    value = double(z >> 40) / (1 << 23) - 1;
  }
  return values;
}

inline at::Tensor uniform_tensor(const std::string& name, at::IntArrayRef shape) {
  return at::tensor(uniform(name, std::size_t(c10::multiply_integers(shape))), at::kDouble)
      .to(at::kFloat)
      .view(shape);
}

inline std::vector<float> signal(int rate_hz, double seconds) {
  const auto count = std::size_t(rate_hz * seconds);
  const std::vector<double> noise = uniform("noise", count);
  constexpr double kTurn = 2 * 3.14159265358979323846;
  std::vector<float> wave(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = double(i) / rate_hz;
    double sample =
        0.35 * std::sin(kTurn * (140 * t + 20 * t * t)) * (0.6 + 0.4 * std::sin(kTurn * 3 * t));
    sample += 0.1 * std::sin(kTurn * 2500 * t) + 0.05 * noise[i];
    const bool quiet = t < 0.3 || t > seconds - 0.4;
    wave[i] = float(sample * (quiet ? 0.01 : 1.0));
  }
  return wave;
}

inline at::Tensor wave(int rate_hz, double seconds) {
  return at::tensor(signal(rate_hz, seconds), at::kFloat);
}

inline const Json& golden() {
  static const Json json = [] {
    std::ifstream file(std::string(TESTS_DIR) + "/golden/reference/cases.json");
    return Json::parse(file);
  }();
  return json;
}

inline const Json& golden_case(const char* name) { return golden().at("cases").at(name); }

inline ModelConfig config() { return parse_config(golden().at("config").dump(), "cases.json"); }

inline std::vector<float> weight(const std::string& name, const std::vector<std::int64_t>& shape) {
  const auto ends = [&](const char* end) {
    const std::string tail(end);
    return name.size() >= tail.size() &&
           name.compare(name.size() - tail.size(), tail.size(), tail) == 0;
  };
  const std::int64_t count = c10::multiply_integers(shape);
  const std::string seeded = name + "#" + golden().at("seed").dump();
  double scale = 0.2, offset = ends("weight") ? 1.0 : 0.0;
  if (ends("running_var")) {
    scale = 0.5;
    offset = 1.0;
  } else if (shape.size() > 1) {
    const double gain = ends("weight_ih_l0") ? 0.3 : 1.5;
    scale = gain * std::sqrt(3.0 / double(count / shape[0]));
    offset = 0.0;
  }
  std::vector<float> values;
  for (const double value : uniform(seeded, std::size_t(count)))
    values.push_back(float(offset + scale * value));
  return values;
}

// A safetensors file of every weight in the golden file.
inline const std::string& weight_file() {
  static const std::string bytes = [] {
    Json header;
    std::string data;
    for (const auto& [name, shape] : golden().at("tensors").items()) {
      const auto values = weight(name, shape.get<std::vector<std::int64_t>>());
      const std::size_t begin = data.size();
      data.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
      header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
    }
    const std::string text = header.dump();
    const std::uint64_t length = text.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text + data;
  }();
  return bytes;
}

inline Weights weights() {
  return Weights(TensorFile::from_memory(weight_file().data(), weight_file().size(), "synthetic"),
                 Placement());
}

inline at::Tensor values(const Json& json) {
  return at::tensor(json.get<std::vector<double>>(), at::kDouble);
}

// Expects values within the golden file's tolerance of their largest magnitude.
inline void expect_near(const at::Tensor& got, const Json& expected, const char* what) {
  const at::Tensor right = values(expected);
  const at::Tensor ours = got.reshape({-1}).to(at::kDouble);
  ASSERT_EQ(ours.numel(), right.numel()) << what;
  const double error = (ours - right).abs().max().item<double>();
  const double tolerance = golden().at("tolerance").get<double>();
  EXPECT_LE(error, tolerance * right.abs().max().item<double>()) << what;
}

// Three columns of (features, frames).
inline void expect_columns(const at::Tensor& got, const Json& expected, const char* what) {
  ASSERT_EQ(got.dim(), 2) << what;
  EXPECT_EQ(got.size(1), expected.at("frames").get<std::int64_t>()) << what;
  for (const Json& column : expected.at("columns"))
    expect_near(got.select(1, column.at("frame").get<std::int64_t>()), column.at("values"), what);
}

// A few values of a signal, and its length.
inline void expect_piece(const at::Tensor& got, const Json& expected, const char* what) {
  ASSERT_EQ(got.numel(), expected.at("length").get<std::int64_t>()) << what;
  const auto start = expected.at("start").get<std::int64_t>();
  const auto count = std::int64_t(expected.at("values").size());
  expect_near(got.reshape({-1}).slice(0, start, start + count), expected.at("values"), what);
}

inline void expect_tokens(const at::Tensor& got, const Json& expected, const char* what) {
  EXPECT_EQ(got.scalar_type(), at::kLong) << what;
  EXPECT_EQ(got.size(0), 1) << what;
  const at::Tensor flat = got.reshape({-1}).contiguous();
  const std::vector<std::int64_t> ours(flat.data_ptr<std::int64_t>(),
                                       flat.data_ptr<std::int64_t>() + flat.numel());
  EXPECT_EQ(ours, expected.get<std::vector<std::int64_t>>()) << what;
}

}  // namespace chatterbox::synthetic

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/kernels.h"
#include "nn/storage_types.h"

namespace chatterbox {
namespace {

#define CHATTERBOX_TARGET

// Four floats side by side; every compiler we use turns them into a register.
constexpr int kWidth = 4;
constexpr int kTileRows = 4;
struct Vector {
  float v[kWidth];
};

template <typename Function>
inline Vector each(Function function) {
  Vector result;
  for (int i = 0; i < kWidth; ++i) result.v[i] = function(i);
  return result;
}

inline Vector zero() { return {}; }
inline Vector set1(float x) {
  return each([&](int) { return x; });
}
inline Vector load(const float* x) {
  return each([&](int i) { return x[i]; });
}
inline void store(float* x, Vector a) { std::memcpy(x, a.v, sizeof a.v); }
inline Vector add(Vector a, Vector b) {
  return each([&](int i) { return a.v[i] + b.v[i]; });
}
inline Vector mul(Vector a, Vector b) {
  return each([&](int i) { return a.v[i] * b.v[i]; });
}
inline Vector divide(Vector a, Vector b) {
  return each([&](int i) { return a.v[i] / b.v[i]; });
}
inline Vector min(Vector a, Vector b) {
  return each([&](int i) { return std::min(a.v[i], b.v[i]); });
}
inline Vector max(Vector a, Vector b) {
  return each([&](int i) { return std::max(a.v[i], b.v[i]); });
}
inline Vector fma(Vector a, Vector b, Vector c) {
  return each([&](int i) { return a.v[i] * b.v[i] + c.v[i]; });
}
inline float sum(Vector a) { return (a.v[0] + a.v[1]) + (a.v[2] + a.v[3]); }
inline Vector round(Vector a) {
  return each([&](int i) { return std::nearbyint(a.v[i]); });
}
inline Vector exp_parts(Vector x, Vector& whole) {
  whole = round(mul(x, set1(1.44269504088896341f)));
  return each([&](int i) {
    const std::uint32_t bits = std::uint32_t(int(whole.v[i]) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return power;
  });
}
inline float widen(BFloat x) {
  const std::uint32_t bits = std::uint32_t(x.bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline Vector load(const BFloat* x) {
  return each([&](int i) { return widen(x[i]); });
}
inline void load_alternate(const BFloat* x, Vector& even, Vector& odd) {
  even = each([&](int i) { return widen(x[2 * i]); });
  odd = each([&](int i) { return widen(x[2 * i + 1]); });
}
inline void deinterleave(Vector& a, Vector& b) {
  const float both[2 * kWidth] = {a.v[0], a.v[1], a.v[2], a.v[3], b.v[0], b.v[1], b.v[2], b.v[3]};
  a = each([&](int i) { return both[2 * i]; });
  b = each([&](int i) { return both[2 * i + 1]; });
}
inline Vector load(const Half* x) {
  return each([&](int i) { return half_to_float(x[i].bits); });
}

#include "nn/kernels_body.h"

}  // namespace

const Kernels kPortableKernels = {
    .name = "portable",
    .dot_rows = {dot_rows<float>, dot_rows<BFloat>, dot_rows<Half>},
    .weighted_sum = {weighted_sum<float>, weighted_sum<BFloat>},
    .softmax = softmax,
    .silu_multiply = silu_multiply,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .gelu_tanh = gelu_tanh,
    .tile_rows = kTileRows,
    .tile_columns = 2 * kWidth,
    .tiles = kTiles.data(),
    .exp_below_peak = exp_below_peak,
    .snake = snake,
};

}  // namespace chatterbox

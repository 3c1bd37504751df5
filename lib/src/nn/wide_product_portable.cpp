// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>

#include "nn/storage_types.h"
#include "nn/wide_product_table.h"

namespace chatterbox {
namespace {

constexpr int kColumns = 16;
constexpr int kLanes = 8;  // sums side by side, which compilers make vectors of

inline float widen(float value) { return value; }
inline float widen(BFloat value) {
  const std::uint32_t bits = std::uint32_t(value.bits) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}
inline float widen(Half value) { return half_to_float(value.bits); }
inline float widen(std::int8_t value) { return float(value); }

std::size_t operand_bytes(int vectors, int depth) {
  return std::size_t(vectors) * std::size_t(depth) * sizeof(float);
}

void prepare(const float* x, int depth, int index, int, void* operands) {
  std::copy_n(x, depth, static_cast<float*>(operands) + std::int64_t(index) * depth);
}

std::size_t scratch_bytes(int vectors, int depth) {
  return (std::size_t(vectors) * kColumns + std::size_t(depth)) * sizeof(float);
}

float dot(const float* a, const float* b, std::int64_t size) {
  float sums[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  for (; i < size; ++i) sums[0] += a[i] * b[i];
  float total = 0;
  for (const float sum : sums) total += sum;
  return total;
}

template <typename Number>
const float* multiply(const void* operands, int vectors, const StoredRows& w, std::int64_t first,
                      int count, void* scratch) {
  float* y = static_cast<float*>(scratch);
  float* row = y + std::int64_t(vectors) * kColumns;
  for (int j = 0; j < count; ++j) {
    const Number* stored = static_cast<const Number*>(w.data) + (first + j) * w.cols;
    for (std::int64_t c = 0; c < w.cols; ++c) row[c] = widen(stored[c]);
    const float scale = w.scale ? w.scale[first + j] : 1.0f;
    for (int i = 0; i < vectors; ++i)
      y[i * kColumns + j] =
          dot(static_cast<const float*>(operands) + i * w.cols, row, w.cols) * scale;
  }
  return y;
}

template <typename Number>
constexpr WideProduct make(const char* name) {
  return {.name = name,
          .columns = kColumns,
          .operand_bytes = operand_bytes,
          .prepare = prepare,
          .scratch_bytes = scratch_bytes,
          .multiply = multiply<Number>};
}

}  // namespace

constinit const WideProduct kWidePortable[4] = {
    make<float>("portable float32"), make<BFloat>("portable bfloat16"),
    make<Half>("portable float16"), make<std::int8_t>("portable int8")};

}  // namespace chatterbox

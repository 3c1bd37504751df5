// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>

namespace chatterbox {

// Storage type of a weight. Arithmetic is float32 throughout, but for rows of int8 (int8_rows.h).
enum class Storage { kFloat = 0, kBFloat16 = 1, kHalf = 2, kInt8 = 3 };

// Arithmetic on raw buffers that compilers do not vectorise well by themselves,
// or that would read memory more than once. Matrices are row-major.
struct Kernels {
  static constexpr int kMaxBatch = 6;

  const char* name;

  // Products of few vectors are bound by reading the weights, so each weight
  // is read once for the whole batch and in the type it is stored in.
  // y[b][r] = sum over c of w[r][c] * x[b][c], batch 1 to kMaxBatch; one function
  // per Storage but int8. Strides count floats between batch rows.
  using DotRows = void (*)(const void* w, std::int64_t rows, std::int64_t cols, const float* x,
                           std::int64_t x_stride, int batch, float* y, std::int64_t y_stride);
  DotRows dot_rows[3];
  // out[c] = sum over r of scale[r] * x[r][c]; for float and for bfloat16.
  using WeightedSum = void (*)(const void* x, std::int64_t rows, std::int64_t cols,
                               const float* scale, float* out);
  WeightedSum weighted_sum[2];
  void (*softmax)(float* x, std::int64_t size);
  // gate = gate * sigmoid(gate) * up
  void (*silu_multiply)(float* gate, const float* up, std::int64_t size);
  // y = x / sqrt(mean(x^2) + eps) * weight
  void (*rms_norm)(const float* x, const float* weight, std::int64_t size, float eps, float* y);

  // y = (x - mean(x)) / sqrt(variance(x) + eps) * weight + bias
  void (*layer_norm)(const float* x, const float* weight, const float* bias, std::int64_t size,
                     float eps, float* y);
  // x = gelu(x) with the tangent's approximation: x / (1 + e^(-2u)), u = sqrt(2 / pi)
  // (x + 0.044715 x^3).
  void (*gelu_tanh)(float* x, std::int64_t size);

  // A tile of a larger product, as many rows and columns as its sums fit into
  // registers: c[i][j] = sum over k of a[i][k] * b[k][j], always in the order of
  // k, so that a row's result does not depend on the rows beside it. Entry r - 1
  // makes r rows; all make `tile_columns`. Strides count floats between rows.
  using Tile = void (*)(const float* a, std::int64_t a_stride, const float* b,
                        std::int64_t b_stride, std::int64_t depth, float* c, std::int64_t c_stride);
  int tile_rows, tile_columns;
  const Tile* tiles;
  // x[i] = e^(x[i] - the largest x); returns their sum.
  float (*exp_below_peak)(float* x, std::int64_t size);
  // y[i] = x[i] + sin^2(alpha x[i]) * inverse, for |alpha x| below some thousands.
  void (*snake)(const float* x, std::int64_t size, float alpha, float inverse, float* y);
};

enum class Isa { kPortable, kAvx2, kAvx512 };

// True when this processor runs it.
bool supports(Isa isa);
const Kernels& kernels_for(Isa isa);
// The fastest this processor runs.
const Kernels& kernels();

// Tables of the files that compile for one instruction set each.
extern const Kernels kPortableKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif

}  // namespace chatterbox

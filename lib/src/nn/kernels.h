// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>

namespace chatterbox {

// How a weight is stored; arithmetic is float32 throughout.
enum class Storage { kFloat = 0, kBFloat16 = 1, kHalf = 2 };

// The arithmetic of one decoding step on raw buffers. Matrices are row-major.
// At batch 1 and 2 a matrix product is bound by reading the weights, so each is
// read once for both batch rows and in the type it is stored in.
struct Kernels {
  const char* name;

  // y[b][r] = sum over c of w[r][c] * x[b][c], batch 1 or 2; one function per
  // Storage. Strides count floats between batch rows.
  using DotRows = void (*)(const void* w, std::int64_t rows, std::int64_t cols, const float* x,
                           std::int64_t x_stride, int batch, float* y, std::int64_t y_stride);
  DotRows dot_rows[3];
  // out[c] = sum over r of scale[r] * x[r][c]
  void (*weighted_sum)(const float* x, std::int64_t rows, std::int64_t cols, const float* scale,
                       float* out);
  void (*softmax)(float* x, std::int64_t size);
  // gate = gate * sigmoid(gate) * up
  void (*silu_multiply)(float* gate, const float* up, std::int64_t size);
  // y = x / sqrt(mean(x^2) + eps) * weight
  void (*rms_norm)(const float* x, const float* weight, std::int64_t size, float eps, float* y);
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

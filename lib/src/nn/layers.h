// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

#include "nn/weights.h"

namespace chatterbox {

// Whether a layer has a bias is a fact of the architecture, never of the file.
enum class Bias { kNone, kYes };

// y = x W^T + b. x (..., in) -> (..., out)
struct Linear {
  Linear(const Weights& weights, std::int64_t in, std::int64_t out, Bias bias = Bias::kYes);
  // A layer that every token reads: the weight comes from Weights::take_hot(), in rows of int8
  // where the placement says so, the bias in float32 on the processor.
  static Linear hot(const Weights& weights, std::int64_t in, std::int64_t out,
                    Bias bias = Bias::kNone);
  // hot() for a "Conv1D" of GPT-2, whose weight is stored as (in, out).
  static Linear hot_conv1d(const Weights& weights, std::int64_t in, std::int64_t out);
  at::Tensor operator()(const at::Tensor& x) const;
  // The same with the weight in rows of int8, as hot() makes them.
  Linear in_int8() const;
  // Outputs [first, first + count) alone, sharing memory.
  Linear rows(std::int64_t first, std::int64_t count) const;

  at::Tensor weight;  // (out, in)
  at::Tensor bias;    // (out) or undefined
  // For an int8 weight, else undefined: the factor of each row, (out) float32, and the sum of its
  // numbers, (out) int32.
  at::Tensor scale, row_sums;

 private:
  Linear() = default;
  void take_hot(const Weights& weights, at::IntArrayRef shape, bool transposed);
  void set_rows(QuantizedRows rows);
};

// Rows of a table. ids (...) int64 -> (..., dim)
struct Embedding {
  Embedding(const Weights& weights, std::int64_t rows, std::int64_t dim);
  at::Tensor operator()(const at::Tensor& ids) const;

  at::Tensor weight;  // (rows, dim)
};

// Normalises the last dimension.
struct LayerNorm {
  LayerNorm(const Weights& weights, std::int64_t dim, double eps = 1e-5);
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor weight, bias;  // (dim)
  double eps;
};

// Normalises (B, C, T) over groups of channels and time.
struct GroupNorm {
  GroupNorm(const Weights& weights, std::int64_t groups, std::int64_t channels, double eps = 1e-5);
  at::Tensor operator()(const at::Tensor& x) const;

  std::int64_t groups;
  at::Tensor weight, bias;  // (channels)
  double eps;
};

// Normalises channels with stored statistics, folded at construction into one
// scale and one shift. x (B, C, ...) -> (B, C, ...)
struct BatchNorm {
  enum class Affine { kNo, kYes };
  BatchNorm(const Weights& weights, std::int64_t channels, Affine affine = Affine::kYes,
            double eps = 1e-5);
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor scale, shift;  // (channels)
};

struct ConvOptions {
  std::int64_t stride = 1;
  std::int64_t padding = 0;  // zeros on both sides
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  Bias bias = Bias::kYes;
  // The kernel is stored as a direction and a length per output channel.
  bool weight_norm = false;
};

// x (B, in, T) -> (B, out, T')
struct Conv1d {
  Conv1d(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t kernel,
         const ConvOptions& options = {});
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor weight;  // (out, in / groups, kernel)
  at::Tensor bias;    // (out) or undefined
  ConvOptions options;
};

// x (B, in, T) -> (B, out, (T - 1) * stride - 2 * padding + kernel)
struct ConvTranspose1d {
  ConvTranspose1d(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t kernel,
                  const ConvOptions& options = {});
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor weight;  // (in, out, kernel)
  at::Tensor bias;    // (out) or undefined
  ConvOptions options;
};

// x (B, in, H, W) -> (B, out, H', W'); square kernels, stride by dimension.
struct Conv2d {
  struct Options {
    std::int64_t stride_h = 1, stride_w = 1;
    std::int64_t padding = 0;
    Bias bias = Bias::kNone;
  };
  Conv2d(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t kernel,
         const Options& options);
  at::Tensor operator()(const at::Tensor& x) const;

  at::Tensor weight;  // (out, in, kernel, kernel)
  at::Tensor bias;    // (out) or undefined
  Options options;
};

// The weight g * v / |v| of torch's weight_norm parametrisation along dimension
// 0, from "parametrizations.weight.original0" (g) and "...original1" (v), in
// the scope of the layer itself. `shape` is that of the weight.
at::Tensor take_weight_norm(const Weights& weights, at::IntArrayRef shape);

}  // namespace chatterbox

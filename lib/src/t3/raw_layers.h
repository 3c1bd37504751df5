// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <optional>

#include "nn/kernels.h"
#include "t3/transformer.h"
#include "t3/weight_matrix.h"

namespace chatterbox {

// A Norm as kernels on the processor read it.
struct NormWeights {
  explicit NormWeights(const Norm& norm)
      : weight(norm.weight.data_ptr<float>()),
        bias(norm.bias.defined() ? norm.bias.data_ptr<float>() : nullptr),
        size(norm.weight.size(0)),
        eps(float(norm.eps)) {}

  // x, y (size)
  void operator()(const Kernels& kernels, const float* x, float* y) const {
    if (bias)
      kernels.layer_norm(x, weight, bias, size, eps, y);
    else
      kernels.rms_norm(x, weight, size, eps, y);
  }

  const float* weight;
  const float* bias;  // null: RMS normalisation
  std::int64_t size;
  float eps;
};

// A TransformerLayer as kernels on the processor read it; refers to its memory.
struct RawLayer {
  // Matrices are cut for so many members of a team.
  RawLayer(const TransformerLayer& layer, int members)
      : input_norm(layer.input_norm),
        mlp_norm(layer.mlp_norm),
        qkv{WeightMatrix(layer.q), WeightMatrix(layer.k), WeightMatrix(layer.v)},
        o(layer.o),
        up(layer.up),
        down(layer.down) {
    if (layer.gate) gate.emplace(*layer.gate);
    for (WeightMatrix* matrix : {&o, &up, &down}) matrix->cut(members);
  }

  NormWeights input_norm, mlp_norm;
  WeightMatrix qkv[3];
  WeightMatrix o, up, down;
  std::optional<WeightMatrix> gate;  // cut as `up` is
};

// Rotary position: rotates the halves of a head's query or key, of 2 `half` numbers, by the angles
// of one position.
inline void rotate(float* x, std::int64_t half, const float* cos, const float* sin) {
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = x[i], b = x[half + i];
    x[i] = a * cos[i] - b * sin[i];
    x[half + i] = b * cos[i] + a * sin[i];
  }
}

}  // namespace chatterbox

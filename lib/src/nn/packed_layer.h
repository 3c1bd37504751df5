// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <mutex>

#include "nn/layers.h"
#include "nn/packed_linear.h"
#include "nn/product_kernels.h"

namespace chatterbox {

// Layers that many programs never use are packed by their first use: until then their weights lie
// in the file.
enum class PackWhen { kMade, kUsed };

// y = x W^T + b of tensors: by kernels of our own, for which weights are packed once,
// or by libtorch where there are none or the layer does not fit them. Input
// and result are float32. Immutable and reentrant.
class PackedLayer {
 public:
  // weight (out, in), bias (out) or undefined. `products` is the type of the
  // kernels' products, kFloat or kBFloat16.
  PackedLayer(const at::Tensor& weight, const at::Tensor& bias, at::ScalarType products,
              PackWhen when = PackWhen::kMade);
  PackedLayer(const Linear& linear, at::ScalarType products, PackWhen when = PackWhen::kMade)
      : PackedLayer(linear.weight, linear.bias, products, when) {}
  // By these kernels; null: by libtorch.
  PackedLayer(const at::Tensor& weight, const at::Tensor& bias, const ProductKernels* kernels,
              PackWhen when = PackWhen::kMade);

  // The same layer with products of another type, packed by its first use; the layer itself where
  // that changes nothing. Only of a layer that is packed by its use, which has its weights still.
  PackedLayer with_products(at::ScalarType products) const;

  // x (..., in) -> (..., out). Rows of a matrix may overlap.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  struct Packed {
    std::once_flag once;
    std::unique_ptr<const PackedLinear> linear;
  };
  const PackedLinear& packed() const;
  at::Tensor by_kernels(const at::Tensor& rows) const;

  const ProductKernels* kernels_ = nullptr;
  std::shared_ptr<Packed> packed_;  // of kernels alone
  at::Tensor weight_, bias_;        // of libtorch, or to be packed
};

}  // namespace chatterbox

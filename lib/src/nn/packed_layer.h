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

// Time of packing. A layer that many programs never use is packed by its first use and stays in the
// file until then.
enum class PackWhen { kMade, kUsed };

// Linear layer y = x W^T + b in float32: by our own kernels, for which the weights are packed once,
// or by libtorch where no kernel fits the layer. Immutable and reentrant.
class PackedLayer {
 public:
  // weight (out, in), bias (out) or undefined. `products` is the type of the
  // kernels' products, kFloat or kBFloat16.
  PackedLayer(const at::Tensor& weight, const at::Tensor& bias, at::ScalarType products,
              PackWhen when = PackWhen::kMade);
  PackedLayer(const Linear& linear, at::ScalarType products, PackWhen when = PackWhen::kMade)
      : PackedLayer(linear.weight, linear.bias, products, when) {}
  // The same with given kernels; null: libtorch.
  PackedLayer(const at::Tensor& weight, const at::Tensor& bias, const ProductKernels* kernels,
              PackWhen when = PackWhen::kMade);

  // The layer with products of another type, packed by its first use; itself where that changes
  // nothing. Only for a layer with PackWhen::kUsed, which still has its weights.
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
  std::shared_ptr<Packed> packed_;  // kernels only
  at::Tensor weight_, bias_;        // for libtorch, or not yet packed
};

}  // namespace chatterbox

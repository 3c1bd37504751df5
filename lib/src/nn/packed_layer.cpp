// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/packed_layer.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "nn/share_out.h"
#include "nn/threads.h"

namespace chatterbox {
namespace {

// Numbers in a vector of the widest kernels; inputs have to be a multiple.
constexpr std::int64_t kVector = 16;
// Pieces of work per thread, so that all threads end at about the same time.
constexpr std::int64_t kPieces = 4;
// Multiplications below which waking a thread costs more than it saves.
constexpr std::int64_t kWorthSharing = std::int64_t(1) << 19;

bool fits(const at::Tensor& weight, const ProductKernels& kernels) {
  return weight.is_cpu() && weight.size(0) % kernels.packing.columns == 0 &&
         weight.size(1) % kVector == 0;
}

// The fastest kernels that fit the layer; narrow ones fit more layers.
const ProductKernels* choose_kernels(const at::Tensor& weight, at::ScalarType products) {
  const ProductKernels* found = nullptr;
  if (!weight.is_cpu() || weight.scalar_type() != at::kFloat) return found;
  for (const ProductKernelSet& set : product_kernel_sets())
    if (set.runs && fits(weight, *set.kernels) &&
        (set.precision == ProductPrecision::kFloat || products == at::kBFloat16))
      found = set.kernels;
  return found;
}

// Scratch memory of the calling thread, which keeps the most it ever needed.
void* scratch(std::size_t bytes) {
  thread_local std::vector<std::max_align_t> memory;
  constexpr std::size_t kUnit = sizeof(std::max_align_t);
  const std::size_t needed = (bytes + 64) / kUnit + 1;
  if (memory.size() < needed) memory.resize(needed);
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  return reinterpret_cast<void*>((address + 63) / 64 * 64);
}

std::int64_t parts(std::int64_t whole, std::int64_t part) { return (whole + part - 1) / part; }

}  // namespace

PackedLayer::PackedLayer(const at::Tensor& weight, const at::Tensor& bias, at::ScalarType products,
                         PackWhen when)
    : PackedLayer(weight, bias, choose_kernels(weight, products), when) {}

PackedLayer::PackedLayer(const at::Tensor& weight, const at::Tensor& bias,
                         const ProductKernels* kernels, PackWhen when)
    : weight_(weight), bias_(bias) {
  if (!kernels || !fits(weight, *kernels)) return;
  kernels_ = kernels;
  packed_ = std::make_shared<Packed>();
  if (when == PackWhen::kUsed) return;
  packed();
  weight_.reset();
  bias_.reset();
}

PackedLayer PackedLayer::with_products(at::ScalarType products) const {
  const ProductKernels* kernels = choose_kernels(weight_, products);
  return kernels == kernels_ ? *this : PackedLayer(weight_, bias_, kernels, PackWhen::kUsed);
}

const PackedLinear& PackedLayer::packed() const {
  std::call_once(packed_->once, [this] {
    packed_->linear = std::make_unique<const PackedLinear>(weight_, bias_, kernels_->packing);
  });
  return *packed_->linear;
}

at::Tensor PackedLayer::operator()(const at::Tensor& x) const {
  if (!kernels_) return bias_.defined() ? at::linear(x, weight_, bias_) : at::linear(x, weight_);
  if (x.dim() == 2 && x.stride(1) == 1) return by_kernels(x);
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = packed().view().outputs;
  return by_kernels(x.reshape({-1, x.size(-1)}).contiguous()).view(shape);
}

at::Tensor PackedLayer::by_kernels(const at::Tensor& x) const {
  const PackedView whole = packed().view();
  const std::int64_t rows = x.size(0), columns = kernels_->packing.columns;
  at::Tensor y = at::empty({rows, whole.outputs}, x.options());
  if (rows == 0) return y;
  // Blocks of rows, and where these are few the panels of outputs are shared out as well.
  const std::int64_t tiles = parts(rows, kernels_->tile);
  const std::int64_t blocks = parts(rows, kernels_->rows);
  const std::int64_t block = parts(tiles, blocks) * kernels_->tile;
  const std::int64_t panels = whole.outputs / columns;
  const bool shared = rows * whole.inputs * whole.outputs >= kWorthSharing;
  const std::int64_t wanted = shared ? kPieces * kernel_threads() : 1;
  const std::int64_t group = parts(panels, std::min(panels, parts(wanted, blocks)));
  const std::int64_t groups = parts(panels, group);
  const float* from = x.data_ptr<float>();
  float* to = y.data_ptr<float>();
  const auto stride = std::size_t(x.stride(0)), y_stride = std::size_t(whole.outputs);
  share_out(blocks * groups, [&](std::int64_t piece) {
    const std::int64_t row = piece / groups * block, first = piece % groups * group * columns;
    if (row >= rows) return;
    const PackedView part = outputs_of(whole, kernels_->packing, int(first),
                                       int(std::min(group * columns, whole.outputs - first)));
    kernels_->multiply(part, from + std::size_t(row) * stride, stride,
                       int(std::min(block, rows - row)), to + std::size_t(row) * y_stride + first,
                       y_stride, scratch(kernels_->scratch_bytes(whole.inputs)));
  });
  return y;
}

}  // namespace chatterbox

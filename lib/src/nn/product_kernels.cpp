// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/product_kernels.h"

#include "nn/cpu_features.h"
#include "nn/kernels.h"

namespace chatterbox {

// Tables of the files that are compiled for one instruction set each.
#if defined(__x86_64__)
extern const ProductKernels kProductKernelsAvx2;
extern const ProductKernels kProductKernelsAvx512;
extern const ProductKernels kProductKernelsAvx512BFloat16;
#endif

std::vector<ProductKernelSet> product_kernel_sets() {
#if defined(__x86_64__)
  const bool wide = supports(Isa::kAvx512);
  return {
      {&kProductKernelsAvx2, ProductPrecision::kFloat, supports(Isa::kAvx2)},
      {&kProductKernelsAvx512, ProductPrecision::kFloat, wide},
      {&kProductKernelsAvx512BFloat16, ProductPrecision::kBFloat16, wide && has_fast_bfloat16()}};
#else
  return {};
#endif
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/plan/residual_kernels.h"

#include "nn/cpu_features.h"

namespace chatterbox {

// Tables of the files that are compiled for one instruction set each.
#if defined(__x86_64__)
extern const ResidualKernels kResidualKernelsAvx2;
extern const ResidualKernels kResidualKernelsAvx512;
extern const ResidualKernels kResidualKernelsAvx512BFloat16;
#endif

const ResidualKernels* residual_kernels_for(Isa isa, ResidualPrecision precision) {
#if defined(__x86_64__)
  if (precision == ResidualPrecision::kBFloat16)
    return isa == Isa::kAvx512 ? &kResidualKernelsAvx512BFloat16 : nullptr;
  if (isa == Isa::kAvx512) return &kResidualKernelsAvx512;
  if (isa == Isa::kAvx2) return &kResidualKernelsAvx2;
#endif
  return nullptr;
}

std::vector<const ResidualKernels*> residual_kernels(ResidualPrecision precision) {
  std::vector<const ResidualKernels*> found;
  if (precision == ResidualPrecision::kBFloat16 && has_fast_bfloat16())
    found.push_back(residual_kernels_for(Isa::kAvx512, precision));
  for (const Isa isa : {Isa::kAvx512, Isa::kAvx2})
    if (supports(isa))
      if (const auto* kernels = residual_kernels_for(isa, ResidualPrecision::kFloat))
        found.push_back(kernels);
  return found;
}

}  // namespace chatterbox

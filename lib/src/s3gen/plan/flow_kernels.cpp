// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/flow_kernels.h"

#include "nn/cpu_features.h"

namespace chatterbox {

// Tables of the files that are compiled for one instruction set each.
#if defined(__x86_64__)
extern const FlowKernels kFlowKernelsAvx2;
extern const FlowKernels kFlowKernelsAvx512;
extern const FlowKernels kFlowKernelsAvx512BFloat16;
extern const FlowKernels kFlowKernelsAvx2Int8;
extern const FlowKernels kFlowKernelsAvx512Int8;
#endif

const FlowKernels* flow_kernels_for(Isa isa, FlowPrecision precision) {
#if defined(__x86_64__)
  const bool wide = isa == Isa::kAvx512;
  if (!wide && isa != Isa::kAvx2) return nullptr;
  switch (precision) {
    case FlowPrecision::kFloat:
      return wide ? &kFlowKernelsAvx512 : &kFlowKernelsAvx2;
    case FlowPrecision::kBFloat16:
      return wide ? &kFlowKernelsAvx512BFloat16 : nullptr;
    case FlowPrecision::kInt8:
      return wide ? &kFlowKernelsAvx512Int8 : &kFlowKernelsAvx2Int8;
  }
#endif
  return nullptr;
}

bool runs(Isa isa, FlowPrecision precision) {
  if (!supports(isa)) return false;
  if (isa != Isa::kAvx512) return precision != FlowPrecision::kBFloat16;
  return precision == FlowPrecision::kFloat ||
         (has_fast_bfloat16() && (precision == FlowPrecision::kBFloat16 || has_fast_int8()));
}

const FlowKernels* flow_kernels(FlowPrecision precision) {
  for (const Isa isa : {Isa::kAvx512, Isa::kAvx2})
    if (runs(isa, precision))
      if (const FlowKernels* found = flow_kernels_for(isa, precision)) return found;
  return nullptr;
}

}  // namespace chatterbox

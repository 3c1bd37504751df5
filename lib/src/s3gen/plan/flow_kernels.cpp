// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/flow_kernels.h"

#include "nn/cpu_features.h"
#include "nn/kernels.h"

namespace chatterbox {

// Tables of the files that are compiled for one instruction set each.
#if defined(__x86_64__)
extern const FlowKernels kFlowKernelsAvx2;
extern const FlowKernels kFlowKernelsAvx512;
extern const FlowKernels kFlowKernelsAvx512BFloat16;
extern const FlowKernels kFlowKernelsAvx2Int8;
extern const FlowKernels kFlowKernelsAvx512Vnni;
extern const FlowKernels kFlowKernelsAvx512Int8;
#endif

std::vector<FlowKernelSet> flow_kernel_sets() {
#if defined(__x86_64__)
  const bool narrow = supports(Isa::kAvx2), wide = supports(Isa::kAvx512);
  const bool brain = wide && has_fast_bfloat16(), bytes = wide && has_fast_int8();
  return {{&kFlowKernelsAvx2, FlowPrecision::kFloat, narrow},
          {&kFlowKernelsAvx512, FlowPrecision::kFloat, wide},
          {&kFlowKernelsAvx512BFloat16, FlowPrecision::kBFloat16, brain},
          {&kFlowKernelsAvx2Int8, FlowPrecision::kInt8, narrow},
          {&kFlowKernelsAvx512Vnni, FlowPrecision::kInt8, bytes},
          {&kFlowKernelsAvx512Int8, FlowPrecision::kInt8, bytes && brain}};
#else
  return {};
#endif
}

const FlowKernels* flow_kernels(FlowPrecision precision) {
  const FlowKernels* found = nullptr;
  for (const FlowKernelSet& set : flow_kernel_sets())
    if (set.runs && set.precision == precision) found = set.kernels;
  return found;
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/kernel_table.h"

namespace chatterbox {

extern const FlowKernels kFlowKernelsAvx512BFloat16;
constinit const FlowKernels kFlowKernelsAvx512BFloat16 =
    make_plain_kernels<BrainProducts, Accuracy::kBrain, 48>("avx512 bfloat16");

}  // namespace chatterbox

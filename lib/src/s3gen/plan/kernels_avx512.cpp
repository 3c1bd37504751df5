// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/kernel_table.h"

namespace chatterbox {

extern const FlowKernels kFlowKernelsAvx512;
constinit const FlowKernels kFlowKernelsAvx512 =
    make_plain_kernels<FloatProducts, Accuracy::kFloat, 48>("avx512 float32");

}  // namespace chatterbox

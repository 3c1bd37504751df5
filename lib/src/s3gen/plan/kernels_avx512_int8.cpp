// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/kernel_table.h"

namespace chatterbox {

extern const FlowKernels kFlowKernelsAvx512Int8;
constinit const FlowKernels kFlowKernelsAvx512Int8 =
    make_byte_kernels<BrainProducts, 48>("avx512 int8");

}  // namespace chatterbox

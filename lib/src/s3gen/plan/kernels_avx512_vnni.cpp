// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/kernel_table.h"

namespace chatterbox {

// For processors that multiply bytes but not bfloat16.
extern const FlowKernels kFlowKernelsAvx512Vnni;
constinit const FlowKernels kFlowKernelsAvx512Vnni =
    make_byte_kernels<FloatProducts, 48>("avx512 int8 float32");

}  // namespace chatterbox

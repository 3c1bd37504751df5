// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/kernel_table.h"

namespace chatterbox {

extern const FlowKernels kFlowKernelsAvx2;
constinit const FlowKernels kFlowKernelsAvx2 =
    make_plain_kernels<FloatProducts, Accuracy::kFloat, 24>("avx2 float32");

// Wider blocks, as bytes take less room in the first cache.
extern const FlowKernels kFlowKernelsAvx2Int8;
constinit const FlowKernels kFlowKernelsAvx2Int8 =
    make_byte_kernels<FloatProducts, 48>("avx2 int8");

}  // namespace chatterbox

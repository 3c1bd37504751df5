// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/product_body.h"

namespace chatterbox {

extern const ProductKernels kProductKernelsAvx512BFloat16;
constinit const ProductKernels kProductKernelsAvx512BFloat16 =
    make_product_kernels<BrainProducts>("avx512 bfloat16");

}  // namespace chatterbox

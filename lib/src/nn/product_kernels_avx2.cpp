// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/product_body.h"

namespace chatterbox {

extern const ProductKernels kProductKernelsAvx2;
constinit const ProductKernels kProductKernelsAvx2 =
    make_product_kernels<FloatProducts>("avx2 float32");

}  // namespace chatterbox

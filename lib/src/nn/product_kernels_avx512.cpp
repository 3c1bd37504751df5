// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/product_body.h"

namespace chatterbox {

extern const ProductKernels kProductKernelsAvx512;
constinit const ProductKernels kProductKernelsAvx512 =
    make_product_kernels<FloatProducts>("avx512 float32");

}  // namespace chatterbox

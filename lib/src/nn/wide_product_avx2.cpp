// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/wide_product_body.h"

namespace chatterbox {

constinit const WideProduct kWideAvx2[4] = {
    make_wide_product<FloatingProduct<FloatProducts, float>>("avx2 float32"),
    make_wide_product<FloatingProduct<FloatProducts, BFloat>>("avx2 bfloat16"),
    make_wide_product<FloatingProduct<FloatProducts, Half>>("avx2 float16"),
    make_wide_product<ByteProduct>("avx2 int8")};

}  // namespace chatterbox

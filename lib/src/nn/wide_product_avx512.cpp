// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/wide_product_body.h"

namespace chatterbox {

constinit const WideProduct kWideAvx512[4] = {
    make_wide_product<FloatingProduct<FloatProducts, float>>("avx512 float32"),
    make_wide_product<FloatingProduct<FloatProducts, BFloat>>("avx512 bfloat16"),
    make_wide_product<FloatingProduct<FloatProducts, Half>>("avx512 float16"),
    make_wide_product<ByteProduct>("avx512 int8")};

}  // namespace chatterbox

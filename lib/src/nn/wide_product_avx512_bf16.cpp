// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/wide_product_body.h"

namespace chatterbox {

constinit const WideProduct kWideAvx512BFloat16 =
    make_wide_product<FloatingProduct<BrainProducts, BFloat>>("avx512bf16 bfloat16");

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/wide_product_body.h"

namespace chatterbox {

constinit const WideProduct kWideAvx512Vnni = make_wide_product<ByteProduct>("avx512vnni int8");

}  // namespace chatterbox

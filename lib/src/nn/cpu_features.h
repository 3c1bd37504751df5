// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

namespace chatterbox {

// True when this processor multiplies bfloat16 in hardware. Where it does not,
// libtorch's bfloat16 products are hundreds of times slower than float32.
bool has_fast_bfloat16();

// True when this processor multiplies int8 in vectors of 512 bits (AVX-512 VNNI).
bool has_fast_int8();

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "peak_body.h"

namespace chatterbox {

std::int64_t bytes_by_avx512(int repeats);
std::int64_t bytes_by_avx512(int repeats) { return multiply_again<ByteProducts>(repeats); }

}  // namespace chatterbox

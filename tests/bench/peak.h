// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

namespace chatterbox {

enum class PeakNumbers { kFloat, kBFloat16, kInt8 };

// Multiplications and additions in a second that products alone reach, all that they
// read being in the first cache, by `threads` threads at once; in vectors of 512 bits
// or of 256. Zero where this processor has no such products.
double peak_rate(PeakNumbers numbers, bool wide, int threads);
// In the widest vectors that this processor has for such numbers.
double peak_rate(PeakNumbers numbers, int threads);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/wide_product.h"

namespace chatterbox {

// Tables of the files that are compiled for one instruction set each, by Storage.
extern const WideProduct kWidePortable[4];
#if defined(__x86_64__)
extern const WideProduct kWideAvx2[4];
extern const WideProduct kWideAvx512[4];
extern const WideProduct kWideAvx512BFloat16;
extern const WideProduct kWideAvx512Vnni;
#endif

}  // namespace chatterbox

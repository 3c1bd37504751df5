// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/int8_rows_body.h"

namespace chatterbox {

constinit const Int8Kernels kInt8Vnni = {set_digits, multiply};

}  // namespace chatterbox

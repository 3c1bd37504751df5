// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "chatterbox/options.h"

namespace chatterbox {

// Throws kInvalidArgument naming what is out of its range, the range and the value.
void check_range(const char* name, double value, const Range& range);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string_view>

#include "chatterbox/log.h"

namespace chatterbox {

// Hands a message to the host's sink, if one is set.
void log(LogLevel level, std::string_view message);

}  // namespace chatterbox

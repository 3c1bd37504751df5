// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace chatterbox::sidecar {

// The bytes of standard base64. White space and a leading "data:...;base64,"
// are allowed; anything else wrong throws Error(kInvalidArgument) whose message
// begins with "Incorrect padding" when the length is at fault, as Python's does.
std::string decode_base64(std::string_view text);

// Appends `bytes` as standard base64.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace chatterbox::sidecar

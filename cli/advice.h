// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

namespace chatterbox::cli {

// Advice to the user about an error that the library or an element tells, as "; chatterbox voices
// list shows those there are". Those know no command line. Empty where there is nothing to say.
std::string advice(const std::string& error);

}  // namespace chatterbox::cli

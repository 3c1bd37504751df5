// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

namespace chatterbox::aloud {

// A word whose signs outside ASCII are written in ASCII, or in words: "½" -> "a half",
// "10⁶" -> "10^6", "CO₂" -> "C O 2", "★★★" -> "three stars".
std::string without_signs(std::string word);

}  // namespace chatterbox::aloud

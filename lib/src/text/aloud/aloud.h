// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatterbox {

// English words as somebody would read them to flite, where flite's own reading of
// the written form is poor: "$5M" -> "5 million dollars", "me@b.org" -> "me at b dot org".
// One string for each word, perhaps of several words or none; what flite reads well is
// handed over as it is. Words are UTF-8 without spaces.
std::vector<std::string> read_aloud(const std::vector<std::string>& words);

}  // namespace chatterbox

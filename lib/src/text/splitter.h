// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chatterbox/engine.h"

namespace chatterbox {

// The pieces of split_text(), before the punctuation of each is normalised, which a model's
// tokenizer does in its own way (TextTokenizer::normalize). White space is collapsed; no piece is
// empty or longer than `max_characters` code points.
std::vector<std::string> split_pieces(std::string_view text, std::size_t max_characters = 280);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatterbox {

// Punctuation rules of upstream's punc_norm, which differ between models.
enum class Punctuation { kEnglish, kTurbo, kMultilingual };

// Upstream's punc_norm, character for character: capital first letter, single
// spaces, common punctuation, and a full stop where no mark ends the text.
// Bytes that are not UTF-8 become U+FFFD.
std::string normalize_punctuation(std::string_view text, Punctuation punctuation);

// Python's str.isspace: Unicode white space and the four information separators.
bool is_python_space(std::int32_t c);

// Words with one space between, none at the ends; white space is what Python's
// str.split() takes for it. Bytes that are not UTF-8 become U+FFFD.
std::string collapse_spaces(std::string_view text);

// English letters and signs for text in any script: "café" -> "cafe", "“" -> "\"". Characters
// without a likeness in ASCII are dropped.
std::string to_ascii(std::string_view text);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatterbox::test {

// `count` texts of prices, digits, web addresses, chemical names, postal addresses and codes, of
// 156 to 5,000 characters; always the same ones.
std::vector<std::string> dense_texts(int count);

// The words of a text that have a letter or a digit in them.
std::vector<std::string> words_of(std::string_view text);

}  // namespace chatterbox::test

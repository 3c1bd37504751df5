// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace chatterbox {

// A sentence as flite's English front end reads it (docs/design/phones.md).
struct Phones {
  // Phones with their stress, pauses, word borders and punctuation.
  std::vector<std::string> symbols;
  // Words as written, and the range of symbols each became.
  std::vector<TextTokens::Word> words;
};

// True when the library was built with flite.
bool have_phones();

// `text` has single spaces. One call at a time does the reading: flite keeps
// state in globals. Throws kModelFailure when flite gives up.
Phones read_phones(std::string_view text);

// A tokenizer of phones with the WordLevel vocabulary of `json`.
std::unique_ptr<TextTokenizer> make_phone_tokenizer(const std::string& json,
                                                    const std::string& origin);

}  // namespace chatterbox

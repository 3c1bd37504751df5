// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"
#include "text/words.h"

namespace chatterbox {

// GPT-2's files, as they come with Turbo and Nano.
struct ByteBpeFiles {
  std::string vocab;   // vocab.json
  std::string merges;  // merges.txt
  std::string added;   // added_tokens.json: the tags
};

// Byte pair encoding of bytes, as transformers' GPT2Tokenizer does it: no start and no
// end token. `origin` names the model's directory in errors.
std::unique_ptr<TextTokenizer> make_byte_bpe_tokenizer(const ByteBpeFiles& files,
                                                       const std::string& origin);

// The parts that GPT-2 encodes each by itself: contractions, words, numbers and runs of
// other signs, each with the space before it, and what white space is left.
std::vector<TextRange> gpt2_parts(std::string_view text);

}  // namespace chatterbox

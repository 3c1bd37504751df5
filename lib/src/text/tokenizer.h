// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config.h"

namespace chatterbox {

// Text as a model reads it.
struct TextTokens {
  // Without start and stop tokens.
  std::vector<std::int64_t> ids;

  // A word as it was written and the tokens it became, both ends included.
  // Words that became no token are absent.
  struct Word {
    std::string text;
    int first = 0;
    int last = 0;
  };
  std::vector<Word> words;
};

// Turns text into ids; immutable, and safe to use from many threads.
class TextTokenizer {
 public:
  // Reads tokenizer.json. Throws kNotFound, or kBadFile for a file this
  // front end cannot use.
  static std::unique_ptr<TextTokenizer> load(const std::string& tokenizer_json,
                                             TextFrontend frontend);
  // The same from the file's contents; `origin` names it in errors.
  static std::unique_ptr<TextTokenizer> parse(const std::string& json, const std::string& origin,
                                              TextFrontend frontend);
  virtual ~TextTokenizer() = default;

  // Spaces and punctuation as this front end wants them; encode() takes the
  // result.
  virtual std::string normalize(std::string_view text) const = 0;
  virtual TextTokens encode(std::string_view normalized_text) const = 0;
  // One more than the largest id; never above t3.text_vocab in a sound model.
  virtual std::int64_t vocabulary_size() const = 0;
};

}  // namespace chatterbox

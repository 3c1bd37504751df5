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
  // Words that became no token are absent, and tags are none.
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
  // A file of a front end, in the model's directory.
  struct File {
    std::string name;
    bool required = true;
  };
  static std::vector<File> files(TextFrontend frontend);

  // Reads the front end's files. Throws kNotFound for one that is missing, kBadFile for
  // one that cannot be used, kInvalidArgument for a front end that was not built.
  static std::unique_ptr<TextTokenizer> load(const std::string& directory, TextFrontend frontend);
  virtual ~TextTokenizer() = default;

  // Spaces and punctuation as this front end wants them; encode() takes the
  // result.
  virtual std::string normalize(std::string_view text) const = 0;
  // `language`: one of languages(), or empty for text that tells none. Throws kInvalidArgument for
  // another, kNotFound where something that this language needs is not installed.
  virtual TextTokens encode(std::string_view normalized_text,
                            std::string_view language = {}) const = 0;
  // One more than the largest id; never above t3.text_vocab in a sound model.
  virtual std::int64_t vocabulary_size() const = 0;

  // Codes of the languages that the model speaks, in order.
  virtual std::vector<std::string> languages() const { return {"en"}; }
  // The tags that the model was taught, as "[laugh]".
  virtual std::vector<std::string> tags() const { return {}; }
  // Whether a tag is a token rather than letters.
  virtual bool reads_tag(std::string_view tag) const;
};

}  // namespace chatterbox

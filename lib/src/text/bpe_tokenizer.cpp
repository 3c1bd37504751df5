// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/grapheme_bpe.h"
#include "text/normalizer.h"
#include "text/words.h"

namespace chatterbox {
namespace {

// Upstream's EnTokenizer.
class EnglishTokenizer : public TextTokenizer {
 public:
  EnglishTokenizer(const std::string& json, const std::string& origin) : bpe_(json, origin) {}

  std::string normalize(std::string_view text) const override {
    return normalize_punctuation(text, Punctuation::kEnglish);
  }
  TextTokens encode(std::string_view text, std::string_view) const override {
    return gather_words(text, words_between_spaces(text), bpe_.encode(text));
  }
  std::int64_t vocabulary_size() const override { return bpe_.vocabulary_size(); }
  bool reads_tag(std::string_view tag) const override { return bpe_.added().find(tag) >= 0; }

 private:
  GraphemeBpe bpe_;
};

}  // namespace

std::unique_ptr<TextTokenizer> make_bpe_tokenizer(const std::string& json,
                                                  const std::string& origin) {
  return std::make_unique<EnglishTokenizer>(json, origin);
}

}  // namespace chatterbox

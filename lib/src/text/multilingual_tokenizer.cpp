// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/multilingual_tokenizer.h"

#include <algorithm>
#include <utility>

#include "chatterbox/error.h"
#include "text/cangjie.h"
#include "text/grapheme_bpe.h"
#include "text/languages.h"
#include "text/normalizer.h"
#include "text/traced_text.h"
#include "text/words.h"

namespace chatterbox {
namespace {

std::string language_token(std::string_view language) {
  return std::string("[").append(language).append("]");
}

class MultilingualTokenizer : public TextTokenizer {
 public:
  MultilingualTokenizer(MultilingualParts parts, const std::string& origin)
      : bpe_(parts.vocabulary, origin + "/" + kMultilingualVocabulary),
        segmenter_(std::move(parts.segmenter)),
        kanji_readings_(std::move(parts.kanji_readings)),
        origin_(origin) {
    if (parts.cangjie) cangjie_.emplace(*parts.cangjie, origin + "/" + kCangjieFile);
    for (const std::string& code : multilingual_languages())
      if (bpe_.find(language_token(code)) >= 0) languages_.push_back(code);
  }

  std::string normalize(std::string_view text) const override {
    return normalize_punctuation(text, Punctuation::kMultilingual);
  }
  TextTokens encode(std::string_view text, std::string_view language) const override;
  std::int64_t vocabulary_size() const override { return bpe_.vocabulary_size(); }
  std::vector<std::string> languages() const override { return languages_; }
  bool reads_tag(std::string_view tag) const override { return bpe_.added().find(tag) >= 0; }

 private:
  // Prepares text of one language as upstream does without optional packages: Hebrew's vowels and
  // Russian's stress stay as written.
  TracedText prepare(const TracedText& text, std::string_view language) const;

  GraphemeBpe bpe_;
  std::optional<Cangjie> cangjie_;
  std::unique_ptr<const WordSegmenter> segmenter_;
  std::unique_ptr<const KanjiReadings> kanji_readings_;
  std::vector<std::string> languages_;
  std::string origin_;
};

TracedText MultilingualTokenizer::prepare(const TracedText& text, std::string_view language) const {
  if (language == "zh") {
    if (!cangjie_)
      throw Error(ErrorCode::kNotFound, origin_ + ": language zh: expected a file " + kCangjieFile +
                                            " in the model's directory, found none");
    return cangjie_->encode(text, *segmenter_);
  }
  if (language == "ja") return read_kanji(text, *kanji_readings_);
  // Hangul's syllables have been taken apart already.
  if (language == "ko") return text.stripped();
  return text;
}

TextTokens MultilingualTokenizer::encode(std::string_view text, std::string_view language) const {
  if (!language.empty() && choose_language(language, languages_) != language)
    throw Error(ErrorCode::kInvalidArgument,
                "language: expected a code in small letters, got " + std::string(language));
  const TracedText read = prepare(TracedText(text).lower().decomposed(), language);
  const std::string prefix = language.empty() ? "" : language_token(language);

  std::vector<std::int64_t> head;
  std::vector<PlacedToken> body;
  for (PlacedToken token : bpe_.encode(prefix + read.text())) {
    if (token.begin < prefix.size()) {
      head.push_back(token.id);
      continue;
    }
    token.begin = read.source(token.begin - prefix.size());
    body.push_back(token);
  }
  const bool spaced = language != "zh" && language != "ja";
  TextTokens tokens = gather_words(
      text, spaced ? words_between_spaces(text) : words_with_marks(text, *segmenter_), body);
  tokens.ids.insert(tokens.ids.begin(), head.begin(), head.end());
  for (TextTokens::Word& word : tokens.words) {
    word.first += int(head.size());
    word.last += int(head.size());
  }
  return tokens;
}

}  // namespace

std::unique_ptr<TextTokenizer> make_multilingual_tokenizer(MultilingualParts parts,
                                                           const std::string& origin) {
  return std::make_unique<MultilingualTokenizer>(std::move(parts), origin);
}

}  // namespace chatterbox

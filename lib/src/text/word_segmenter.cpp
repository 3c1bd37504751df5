// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/word_segmenter.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include <string>

#include "chatterbox/error.h"
#include "text/added_tokens.h"
#include "text/normalizer.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

class IcuSegmenter : public WordSegmenter {
 public:
  IcuSegmenter() {
    UErrorCode status = U_ZERO_ERROR;
    words_.reset(icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
    check(status);
  }

  std::vector<TextRange> cut(std::string_view text) const override {
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::BreakIterator> words(words_->clone());
    UText bytes = UTEXT_INITIALIZER;
    utext_openUTF8(&bytes, text.data(), std::int64_t(text.size()), &status);
    words->setText(&bytes, status);
    utext_close(&bytes);
    check(status);
    std::vector<TextRange> ranges;
    for (std::int32_t begin = words->first(), end = words->next(); end != icu::BreakIterator::DONE;
         begin = end, end = words->next()) {
      std::size_t at = std::size_t(begin);
      if (!is_python_space(next_character(text, at)))
        ranges.push_back({std::size_t(begin), std::size_t(end)});
    }
    return ranges;
  }

 private:
  static void check(UErrorCode status) {
    if (U_FAILURE(status))
      throw Error(ErrorCode::kModelFailure,
                  std::string("text: ICU cannot find words: ") + u_errorName(status));
  }

  std::unique_ptr<icu::BreakIterator> words_;
};

}  // namespace

std::unique_ptr<WordSegmenter> make_icu_segmenter() { return std::make_unique<IcuSegmenter>(); }

std::vector<TextRange> words_with_marks(std::string_view text, const WordSegmenter& segmenter) {
  std::vector<TextRange> words;
  bool open = false;  // the last of them is an opening quote or bracket
  for (const TextRange& part : segmenter.cut(text)) {
    bool letters = false, opens = false;
    for (std::size_t at = part.begin; at < part.end;) {
      const UChar32 c = next_character(text, at);
      letters = letters || is_word_character(c);
      opens = c >= 0 && (U_GET_GC_MASK(c) & (U_GC_PS_MASK | U_GC_PI_MASK)) != 0;
    }
    const bool adjacent = !words.empty() && words.back().end == part.begin;
    if (adjacent && (open || (!letters && !opens)))
      words.back().end = part.end;
    else
      words.push_back(part);
    open = opens;
  }
  return words;
}

}  // namespace chatterbox

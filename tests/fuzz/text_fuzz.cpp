// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chatterbox/error.h"
#include "chatterbox/plain_text.h"
#include "text/languages.h"
#include "text/normalizer.h"
#include "text/phones.h"
#include "text/splitter.h"
#include "text/traced_text.h"
#include "text/word_segmenter.h"

namespace {

// Whatever is done to letters, each byte comes from one of the text, in its order.
void check_traces(const std::string& text) {
  const auto traced = chatterbox::TracedText(text).lower().decomposed().stripped();
  for (std::size_t i = 0, last = 0; i <= traced.text().size(); ++i) {
    const std::size_t source = traced.source(i);
    if (source < last || source > text.size()) std::abort();
    last = source;
  }
  std::size_t end = 0;
  for (const auto& word : chatterbox::words_with_marks(text, *chatterbox::make_icu_segmenter())) {
    if (word.begin < end || word.end <= word.begin || word.end > text.size()) std::abort();
    end = word.end;
  }
  chatterbox::primary_language(text);
  chatterbox::guess_language(text, chatterbox::multilingual_languages());
}

}  // namespace

// Text in any bytes: pieces keep their limit, and the phone front end reads
// each one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 40;
  const std::string text =
      chatterbox::plain_text({reinterpret_cast<const char*>(data), size}, size % 2 == 0);
  for (const std::string& piece : chatterbox::split_pieces(text, kLimit)) {
    // A tag counts as one character, and each has 14 bytes at most.
    if (piece.empty() || piece.size() > 14 * kLimit) std::abort();
    using chatterbox::Punctuation;
    for (const auto model :
         {Punctuation::kEnglish, Punctuation::kTurbo, Punctuation::kMultilingual})
      chatterbox::normalize_punctuation(piece, model);
    check_traces(piece);
    if (!chatterbox::have_phones()) continue;
    try {
      const auto phones = chatterbox::read_phones(piece);
      for (const auto& word : phones.words)
        if (word.first < 0 || word.last >= int(phones.symbols.size())) std::abort();
    } catch (const chatterbox::Error&) {
    }
  }
  return 0;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/traced_text.h"

namespace chatterbox {

// Readings of Japanese. An object, so that another can take its place.
class KanjiReadings {
 public:
  // A word of the text and how it is said, in hiragana or katakana; empty where that is
  // not known.
  struct Word {
    std::string written;
    std::string reading;
  };

  virtual ~KanjiReadings() = default;
  // `text`: composed (NFC) and without white space. The words together are the text. Safe
  // from many threads. Throws kNotFound where something is not installed.
  virtual std::vector<Word> read(std::string_view text) const = 0;
};

// MeCab, if it is installed: its library is loaded when the first kanji is read.
std::unique_ptr<KanjiReadings> make_mecab_readings();

bool is_kanji(std::int32_t c);
// Katakana as hiragana; other signs stay.
std::string to_hiragana(std::string_view text);

// Words with kanji become hiragana, a space in front of them where a listener could take their
// first syllable for a particle, as upstream writes them. Kana alone needs no readings.
TracedText read_kanji(const TracedText& decomposed, const KanjiReadings& readings);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "text/kanji_readings.h"
#include "text/tokenizer.h"
#include "text/word_segmenter.h"

namespace chatterbox {

// Parts that read the multilingual model's text.
struct MultilingualParts {
  std::string vocabulary;              // grapheme_mtl_merged_expanded_v1.json
  std::optional<std::string> cangjie;  // Cangjie5_TC.json; without it no Chinese is read
  std::unique_ptr<const WordSegmenter> segmenter = make_icu_segmenter();
  std::unique_ptr<const KanjiReadings> kanji_readings = make_mecab_readings();
};

// Upstream's MTLTokenizer: small letters, compatibility decomposition, what a language
// asks for, its token, and graphemes merged. `origin` names the model's directory in errors.
std::unique_ptr<TextTokenizer> make_multilingual_tokenizer(MultilingualParts parts,
                                                           const std::string& origin);

inline constexpr const char* kMultilingualVocabulary = "grapheme_mtl_merged_expanded_v1.json";
inline constexpr const char* kCangjieFile = "Cangjie5_TC.json";

}  // namespace chatterbox

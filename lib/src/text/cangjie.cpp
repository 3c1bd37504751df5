// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/cangjie.h"

#include <unicode/uchar.h>

#include <nlohmann/json.hpp>

#include "json_text.h"
#include "text/token_file.h"
#include "text/unicode_text.h"

namespace chatterbox {

using Json = nlohmann::json;

Cangjie::Cangjie(const std::string& json, const std::string& origin) {
  std::unordered_map<std::string, int> glyphs_of;  // how many have the same keys
  std::unordered_map<std::string, int> index;      // of a glyph among them, by keys and glyph
  try {
    const Json list = parse_json(json);
    if (!list.is_array()) bad_token_file(origin, "expected a list of glyphs and their keys");
    for (const Json& entry : list) {
      const auto line = entry.get<std::string>();
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos || tab == 0)
        bad_token_file(origin, "expected a glyph, a tab and its keys, got " + line.substr(0, 40));
      const std::string glyph = line.substr(0, tab);
      const std::string keys = line.substr(tab + 1, line.find('\t', tab + 1) - tab - 1);
      const auto first = index.emplace(keys + '\t' + glyph, glyphs_of[keys]++).first;
      codes_[glyph] = keys + (first->second > 0 ? std::to_string(first->second) : "");
    }
  } catch (const Json::exception& error) {
    bad_token_file(origin, std::string("malformed JSON: ") + error.what());
  }
}

std::string Cangjie::tokens(std::string_view glyph) const {
  const auto found = codes_.find(std::string(glyph));
  if (found == codes_.end()) return {};
  const std::string_view code = found->second;
  std::string tokens;
  for (std::size_t at = 0; at < code.size();) {
    const std::size_t begin = at;
    next_character(code, at);
    tokens += "[cj_" + std::string(code.substr(begin, at - begin)) + "]";
  }
  return tokens + "[cj_.]";
}

TracedText Cangjie::encode(const TracedText& text, const WordSegmenter& segmenter) const {
  TracedText result;
  const std::string_view whole = text.text();
  std::size_t done = 0;
  for (const TextRange& word : segmenter.cut(whole)) {
    if (!result.text().empty()) result.append(text, done, word.begin, " ");
    for (std::size_t at = word.begin; at < word.end;) {
      const std::size_t begin = at;
      const UChar32 c = next_character(whole, at);
      const std::string code =
          c >= 0 && u_charType(c) == U_OTHER_LETTER ? tokens(whole.substr(begin, at - begin)) : "";
      if (code.empty())
        result.append(text, begin, at);
      else
        result.append(text, begin, at, code);
    }
    done = word.end;
  }
  return result;
}

}  // namespace chatterbox

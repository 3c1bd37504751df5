// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chatterbox/error.h"
#include "text/languages.h"
#include "text/multilingual_tokenizer.h"

namespace {

// Says each sign twice, so that readings are longer than what is written.
class Twice : public chatterbox::KanjiReadings {
 public:
  std::vector<Word> read(std::string_view text) const override {
    return {{std::string(text), std::string(text) + std::string(text)}};
  }
};

}  // namespace

// A text, the vocabulary and Cangjie's keys with a zero byte between them: in each language
// ids stay inside the vocabulary and words inside the ids.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  std::size_t begin = 0;
  const auto next = [&] {
    const std::size_t end = std::min(input.find('\0', begin), input.size());
    const std::string part = input.substr(std::min(begin, end), end - std::min(begin, end));
    begin = end + 1;
    return part;
  };
  const std::string text = next();
  try {
    chatterbox::MultilingualParts parts;
    parts.vocabulary = next();
    parts.cangjie = next();
    parts.kanji_readings = std::make_unique<Twice>();
    const auto tokenizer = chatterbox::make_multilingual_tokenizer(std::move(parts), "fuzz");
    for (const std::string& language : tokenizer->languages()) {
      const auto tokens = tokenizer->encode(tokenizer->normalize(text), language);
      for (const std::int64_t id : tokens.ids)
        if (id < 0 || id >= tokenizer->vocabulary_size()) std::abort();
      for (const auto& word : tokens.words)
        if (word.first < 0 || word.last < word.first || word.last >= int(tokens.ids.size()))
          std::abort();
    }
  } catch (const chatterbox::Error&) {
  }
  return 0;
}

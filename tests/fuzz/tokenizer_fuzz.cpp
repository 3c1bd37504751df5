// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chatterbox/error.h"
#include "text/grapheme_bpe.h"
#include "text/tokenizer.h"

// The first line is a text, the rest a tokenizer.json: ids stay inside the
// vocabulary and words inside the ids.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string json = line < input.size() ? input.substr(line + 1) : std::string();
  try {
    const auto tokenizer = chatterbox::make_bpe_tokenizer(json, "fuzz");
    const auto tokens = tokenizer->encode(tokenizer->normalize(input.substr(0, line)));
    for (const std::int64_t id : tokens.ids)
      if (id < 0 || id >= tokenizer->vocabulary_size()) std::abort();
    for (const auto& word : tokens.words)
      if (word.first < 0 || word.last < word.first || word.last >= int(tokens.ids.size()))
        std::abort();
  } catch (const chatterbox::Error&) {
  }
  return 0;
}

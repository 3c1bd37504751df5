// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chatterbox/error.h"
#include "text/byte_bpe_tokenizer.h"

// A text, vocab.json, merges.txt and added_tokens.json with a zero byte between them: ids
// stay inside the vocabulary and words inside the ids, and the parts of a text are all of it.
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
  std::size_t end = 0;
  for (const auto& part : chatterbox::gpt2_parts(text)) {
    if (part.begin != end || part.end <= part.begin) std::abort();
    end = part.end;
  }
  if (end != text.size()) std::abort();
  try {
    chatterbox::ByteBpeFiles files;
    files.vocab = next();
    files.merges = next();
    files.added = next();
    const auto tokenizer = chatterbox::make_byte_bpe_tokenizer(files, "fuzz");
    const auto tokens = tokenizer->encode(text);
    for (const std::int64_t id : tokens.ids)
      if (id < 0 || id >= tokenizer->vocabulary_size()) std::abort();
    for (const auto& word : tokens.words)
      if (word.first < 0 || word.last < word.first || word.last >= int(tokens.ids.size()))
        std::abort();
  } catch (const chatterbox::Error&) {
  }
  return 0;
}

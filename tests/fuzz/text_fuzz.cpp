// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chatterbox/error.h"
#include "chatterbox/plain_text.h"
#include "text/normalizer.h"
#include "text/phones.h"
#include "text/splitter.h"

// Text in any bytes: pieces keep their limit, and the phone front end reads
// each one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 40;
  const std::string text =
      chatterbox::plain_text({reinterpret_cast<const char*>(data), size}, size % 2 == 0);
  for (const std::string& piece : chatterbox::split_pieces(text, kLimit)) {
    if (piece.empty() || piece.size() > 4 * kLimit) std::abort();
    chatterbox::normalize_punctuation(piece);
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

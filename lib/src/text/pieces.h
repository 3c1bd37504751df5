// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace chatterbox {

// A stretch of text that a model reads and speaks in one go.
struct Piece {
  std::string text;
  TextTokens tokens;
};

// Limits of one piece.
struct PieceLimits {
  std::size_t characters = 280;
  std::size_t text_tokens = 2048;
  std::size_t speech_tokens = 1000;
};

// Text as the model's tokenizer reads it, normalised and encoded.
using TextReader = std::function<TextTokens(std::string_view)>;

// All of the text in pieces within the limits: cut as split_pieces() does, read, and cut again
// where what came out is too long. A word that had to be cut is one word still, of the piece
// that it begins in. Text that is read as nothing is in no piece; a warning names what cannot be
// spoken.
std::vector<Piece> cut_pieces(std::string_view text, const TextReader& read,
                              const PieceLimits& limits);

std::size_t count_characters(std::string_view utf8);

// Speech tokens that speaking `text` takes if it takes long: slow speech, every sign read.
std::size_t most_speech_tokens(std::string_view text);

// The rest of a piece that was spoken up to text token `position`: the tokens from there on, begun
// like the piece itself. Empty when nothing is left.
TextTokens rest_of(const TextTokens& tokens, int position);

// Where the speech of a piece ends that may take no more than so many speech tokens: where the
// text ends, else between two words shortly before the last token, else after it.
class PieceEnd {
 public:
  PieceEnd(const TextTokens& text, int most_tokens) : text_(text), most_(most_tokens) {}

  // The next speech token looks at text token `position`; -1: unknown. False: it is not to be
  // spoken, since the word that it begins would not end in time.
  bool allows(int position);

  // The rest that is to be spoken. A warning names the words that cannot be, and those that may
  // have been lost where no position is known.
  TextTokens rest() const;

 private:
  const TextTokens& text_;
  int most_;
  int count_ = 0;
  int furthest_ = -1;
  std::size_t begun_ = 0;  // words
  int next_ = -1;          // text token of the word that was not begun
};

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/tokenizer.h"

namespace chatterbox {

// A file of the `tokenizers` library with added tokens, the pre-tokenizer Whitespace
// and a BPE model, as upstream's EnTokenizer and MTLTokenizer use it: spaces become
// the token [SPACE].
class GraphemeBpe {
 public:
  // `origin` names the file in errors. Throws kBadFile.
  GraphemeBpe(const std::string& json, const std::string& origin);

  std::vector<PlacedToken> encode(std::string_view text) const;
  std::int64_t vocabulary_size() const { return vocabulary_size_; }
  const AddedTokens& added() const { return added_; }
  // Id of a whole token, added or not; -1: none.
  std::int64_t find(const std::string& token) const;

 private:
  friend class GraphemeBpeReader;
  // Words and runs of other signs; white space goes.
  void encode_plain(std::string_view text, AddedTokens::Stretch part,
                    std::vector<PlacedToken>& tokens) const;

  BytePairEncoder encoder_;
  AddedTokens added_;
  std::int64_t vocabulary_size_ = 0;
};

// English.
std::unique_ptr<TextTokenizer> make_bpe_tokenizer(const std::string& json,
                                                  const std::string& origin);

}  // namespace chatterbox

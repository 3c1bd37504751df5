// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/byte_bpe_tokenizer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "json_text.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/normalizer.h"
#include "text/token_file.h"
#include "text/unicode_text.h"

namespace chatterbox {
namespace {

using Json = nlohmann::json;

// GPT-2 writes each byte as one character that can be printed: those that can be are
// themselves, the others follow from U+0100 on.
std::array<std::string, 256> byte_characters() {
  std::array<std::string, 256> characters;
  UChar32 next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    characters[std::size_t(byte)] = to_utf8(icu::UnicodeString(printable ? UChar32(byte) : next++));
  }
  return characters;
}

class ByteBpeTokenizer : public TextTokenizer {
 public:
  ByteBpeTokenizer(const ByteBpeFiles& files, const std::string& origin);

  std::string normalize(std::string_view text) const override {
    return normalize_punctuation(text, Punctuation::kTurbo);
  }
  TextTokens encode(std::string_view text, std::string_view) const override;
  std::int64_t vocabulary_size() const override { return vocabulary_size_; }
  std::vector<std::string> tags() const override { return tags_; }
  bool reads_tag(std::string_view tag) const override { return added_.find(tag) >= 0; }

 private:
  void read_vocabulary(const Json& vocabulary, const std::string& origin);
  void read_merges(std::string_view lines, const std::string& origin);
  void read_added(const Json& added, const std::string& origin);
  std::int64_t id(const Json& json, const std::string& origin);

  const std::array<std::string, 256> byte_characters_ = byte_characters();
  BytePairEncoder encoder_;
  AddedTokens added_;
  std::vector<std::string> tags_;
  std::int64_t vocabulary_size_ = 0;
};

Json parse(const std::string& json, const std::string& origin) {
  try {
    Json document = parse_json(json);
    if (!document.is_object())
      bad_token_file(
          origin, "expected an object of tokens and ids, got " + json_text(document).substr(0, 80));
    return document;
  } catch (const Json::exception& error) {
    bad_token_file(origin, std::string("malformed JSON: ") + error.what());
  }
}

ByteBpeTokenizer::ByteBpeTokenizer(const ByteBpeFiles& files, const std::string& origin) {
  const auto name = [&](const char* file) { return origin + "/" + file; };
  read_vocabulary(parse(files.vocab, name("vocab.json")), name("vocab.json"));
  read_merges(files.merges, name("merges.txt"));
  read_added(parse(files.added, name("added_tokens.json")), name("added_tokens.json"));
}

std::int64_t ByteBpeTokenizer::id(const Json& json, const std::string& origin) {
  const std::int64_t value = token_id(json, origin);
  vocabulary_size_ = std::max(vocabulary_size_, value + 1);
  return value;
}

void ByteBpeTokenizer::read_vocabulary(const Json& vocabulary, const std::string& origin) {
  for (const auto& [token, json] : vocabulary.items())
    encoder_.vocabulary[token] = id(json, origin);
  for (const std::string& character : byte_characters_)
    if (!encoder_.vocabulary.count(character))
      bad_token_file(origin,
                     "expected a token for each byte, found none for \"" + character + "\"");
  // Upstream's tokenizer knows it as special, and people can type it.
  static constexpr const char* kEnd = "<|endoftext|>";
  if (const auto found = encoder_.vocabulary.find(kEnd); found != encoder_.vocabulary.end())
    added_.add({.content = kEnd, .id = found->second});
}

void ByteBpeTokenizer::read_merges(std::string_view lines, const std::string& origin) {
  std::uint32_t rank = 0;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    std::string_view line = lines.substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    // No comment but this: eight merges of the published file begin with '#'.
    if (line.empty() || line.starts_with("#version")) continue;
    const auto [left, right] = split_merge(line, origin);
    check_merged(encoder_.add_merge(left, right, rank++), origin);
  }
}

void ByteBpeTokenizer::read_added(const Json& added, const std::string& origin) {
  check_added_count(added.size(), origin);
  for (const auto& [token, json] : added.items()) {
    const std::int64_t value = id(json, origin);
    if (added_.find(token) < 0) added_.add({.content = token, .id = value});
  }
  for (const AddedTokens::Token& token : added_.all())
    if (token.content.starts_with('[')) tags_.push_back(token.content);
}

TextTokens ByteBpeTokenizer::encode(std::string_view text, std::string_view) const {
  std::vector<PlacedToken> tokens;
  std::string written;
  for (const AddedTokens::Stretch& stretch : added_.cut(text)) {
    if (stretch.id >= 0) {
      tokens.push_back({stretch.id, stretch.begin});
      continue;
    }
    const std::string_view plain = text.substr(stretch.begin, stretch.end - stretch.begin);
    for (const TextRange& part : gpt2_parts(plain)) {
      written.clear();
      for (std::size_t i = part.begin; i < part.end; ++i)
        written += byte_characters_[static_cast<unsigned char>(plain[i])];
      const std::size_t first = tokens.size();
      encoder_.encode(written, 0, tokens);
      // A space in front belongs to the word behind it.
      const bool spaced = part.end - part.begin > 1 && plain[part.begin] == ' ';
      for (std::size_t i = first; i < tokens.size(); ++i)
        tokens[i].begin = stretch.begin + part.begin + (spaced ? 1 : 0);
    }
  }
  return gather_words(text, words_between_spaces(text), tokens);
}

}  // namespace

std::unique_ptr<TextTokenizer> make_byte_bpe_tokenizer(const ByteBpeFiles& files,
                                                       const std::string& origin) {
  return std::make_unique<ByteBpeTokenizer>(files, origin);
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/grapheme_bpe.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "json_text.h"
#include "text/token_file.h"
#include "text/unicode_text.h"

namespace chatterbox {

using Json = nlohmann::json;

// Fills a GraphemeBpe from its file.
class GraphemeBpeReader {
 public:
  GraphemeBpeReader(GraphemeBpe& bpe, const std::string& origin) : bpe_(bpe), origin_(origin) {}

  void read(const Json& document) {
    if (!document.is_object() || !document.contains("model"))
      bad_token_file(origin_, "expected a tokenizers file with a model");
    for (const char* key : {"normalizer", "post_processor", "truncation", "padding"})
      if (document.contains(key) && !document[key].is_null())
        bad_token_file(origin_, std::string(key) + ": expected null, got " +
                                    json_text(document[key]).substr(0, 80));
    const Json pre_tokenizer = document.value("pre_tokenizer", Json());
    if (!pre_tokenizer.is_object() || pre_tokenizer.value("type", "") != "Whitespace")
      bad_token_file(origin_, "pre_tokenizer: expected Whitespace, got " +
                                  json_text(pre_tokenizer).substr(0, 80));
    read_model(document["model"]);
    read_added_tokens(document);
  }

 private:
  std::int64_t id(const Json& json) {
    const std::int64_t value = token_id(json, origin_);
    bpe_.vocabulary_size_ = std::max(bpe_.vocabulary_size_, value + 1);
    return value;
  }

  void read_model(const Json& model) {
    if (model.value("type", "BPE") != "BPE") bad_token_file(origin_, "model: expected BPE");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix", "dropout"})
      if (model.contains(key) && !model[key].is_null() && model[key] != "")
        bad_token_file(origin_, std::string("model.") + key + ": expected null");
    for (const char* key : {"byte_fallback", "ignore_merges"})
      if (model.contains(key) && model[key] != false)
        bad_token_file(origin_, std::string("model.") + key + ": expected false");

    BytePairEncoder& encoder = bpe_.encoder_;
    for (const auto& [token, json] : model.at("vocab").items())
      encoder.vocabulary[token] = id(json);
    read_merges(model.at("merges"));
    const Json unknown = model.value("unk_token", Json());
    if (!unknown.is_null()) {
      const auto found = encoder.vocabulary.find(unknown.get<std::string>());
      if (found == encoder.vocabulary.end())
        bad_token_file(origin_, "unk_token: " + json_text(unknown).substr(0, 80) +
                                    " is not in the vocabulary");
      encoder.unknown = found->second;
    }
    encoder.fuse_unknown = model.value("fuse_unk", false);
  }

  void read_merges(const Json& merges) {
    std::uint32_t rank = 0;
    for (const Json& merge : merges) {
      std::string left, right;
      if (merge.is_array() && merge.size() == 2) {
        left = merge[0].get<std::string>();
        right = merge[1].get<std::string>();
      } else {
        std::tie(left, right) = split_merge(merge.get<std::string>(), origin_);
      }
      check_merged(bpe_.encoder_.add_merge(left, right, rank++), origin_);
    }
  }

  void read_added_tokens(const Json& document) {
    const Json list = document.value("added_tokens", Json::array());
    check_added_count(list.size(), origin_);
    for (const Json& json : list) {
      AddedTokens::Token token;
      token.content = json.at("content").get<std::string>();
      const auto known = bpe_.encoder_.vocabulary.find(token.content);
      token.id = known != bpe_.encoder_.vocabulary.end() ? known->second : id(json.at("id"));
      token.single_word = json.value("single_word", false);
      token.lstrip = json.value("lstrip", false);
      token.rstrip = json.value("rstrip", false);
      token.normalized = json.value("normalized", !json.value("special", false));
      bpe_.added_.add(std::move(token));
    }
  }

  GraphemeBpe& bpe_;
  const std::string& origin_;
};

GraphemeBpe::GraphemeBpe(const std::string& json, const std::string& origin) {
  try {
    GraphemeBpeReader(*this, origin).read(parse_json(json));
  } catch (const Json::exception& error) {
    bad_token_file(origin, std::string("malformed tokenizer: ") + error.what());
  }
}

std::int64_t GraphemeBpe::find(const std::string& token) const {
  if (const std::int64_t id = added_.find(token); id >= 0) return id;
  const auto found = encoder_.vocabulary.find(token);
  return found == encoder_.vocabulary.end() ? -1 : found->second;
}

void GraphemeBpe::encode_plain(std::string_view text, AddedTokens::Stretch part,
                               std::vector<PlacedToken>& tokens) const {
  enum class Kind { kSpace, kWord, kOther };
  const auto kind_of = [](UChar32 c) {
    return is_word_character(c) ? Kind::kWord : is_white_space(c) ? Kind::kSpace : Kind::kOther;
  };
  text = text.substr(0, part.end);
  std::size_t begin = part.begin;
  Kind kind = Kind::kSpace;
  for (std::size_t at = part.begin; at < part.end;) {
    std::size_t next = at;
    const Kind here = kind_of(next_character(text, next));
    if (here != kind) {
      if (kind != Kind::kSpace) encoder_.encode(text.substr(begin, at - begin), begin, tokens);
      begin = at;
      kind = here;
    }
    at = next;
  }
  if (kind != Kind::kSpace) encoder_.encode(text.substr(begin), begin, tokens);
}

std::vector<PlacedToken> GraphemeBpe::encode(std::string_view original) const {
  // Upstream writes "[SPACE]" for each space and lets the added tokens find it.
  static constexpr std::string_view kSpace = "[SPACE]";
  std::string text;
  std::vector<std::size_t> spaces;  // where they begin in `text`
  for (const char c : original) {
    if (c == ' ') {
      spaces.push_back(text.size());
      text += kSpace;
    } else {
      text += c;
    }
  }
  std::vector<PlacedToken> tokens;
  for (const AddedTokens::Stretch& stretch : added_.cut(text)) {
    if (stretch.id >= 0)
      tokens.push_back({stretch.id, stretch.begin});
    else
      encode_plain(text, stretch, tokens);
  }
  // Back to where they begin in what was given.
  std::size_t before = 0;
  for (PlacedToken& token : tokens) {
    while (before < spaces.size() && spaces[before] < token.begin) ++before;
    std::size_t grown = before * (kSpace.size() - 1);
    // Inside of a space that no token took.
    if (before > 0 && token.begin < spaces[before - 1] + kSpace.size())
      grown -= spaces[before - 1] + kSpace.size() - 1 - token.begin;
    token.begin -= grown;
  }
  return tokens;
}

}  // namespace chatterbox

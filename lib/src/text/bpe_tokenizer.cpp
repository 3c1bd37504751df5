// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "text/bpe.h"
#include "text/normalizer.h"

namespace chatterbox {
namespace {

using Json = nlohmann::json;
constexpr std::int64_t kMaxId = 1 << 20;

[[noreturn]] void bad(const std::string& origin, const std::string& what) {
  throw Error(ErrorCode::kBadFile, origin + ": " + what);
}

UChar32 character_at(std::string_view text, std::size_t& position) {
  UChar32 c;
  auto i = std::int32_t(position);
  U8_NEXT(text.data(), i, std::int32_t(text.size()), c);
  position = std::size_t(i);
  return c;
}

// \s and \w of the Rust regular expressions that the reference uses.
bool is_space(UChar32 c) { return u_isUWhiteSpace(c); }
bool is_word(UChar32 c) {
  if (u_hasBinaryProperty(c, UCHAR_ALPHABETIC) || u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL))
    return true;
  constexpr std::uint32_t kMarksDigitsConnectors = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return (U_MASK(u_charType(c)) & kMarksDigitsConnectors) != 0;
}

// A token matched before anything else looks at the text.
struct AddedToken {
  std::string content;
  std::int64_t id = 0;
  bool single_word = false, lstrip = false, rstrip = false, normalized = false;
};

// A stretch of text, or the token that took its place.
struct Stretch {
  std::string_view text;
  std::int64_t id = -1;
};

class BpeTokenizer : public TextTokenizer {
 public:
  BpeTokenizer(const std::string& json, const std::string& origin);

  std::string normalize(std::string_view text) const override {
    return normalize_punctuation(text);
  }
  TextTokens encode(std::string_view text) const override;
  std::int64_t vocabulary_size() const override { return vocabulary_size_; }

 private:
  void read_model(const Json& model, const std::string& origin);
  void read_added_tokens(const Json& document, const std::string& origin);
  std::int64_t check_id(const Json& id, const std::string& origin);
  // Cuts out the added tokens of one kind, leftmost and longest first.
  void cut_added(std::string_view text, bool normalized, std::vector<Stretch>& out) const;
  const AddedToken* match_added(std::string_view text, std::size_t at, bool normalized) const;
  // Words and runs of other signs; white space goes.
  void encode_plain(std::string_view text, std::vector<std::int64_t>& ids) const;

  BytePairEncoder encoder_;
  std::vector<AddedToken> added_;  // longest first
  std::int64_t space_ = -1;
  std::int64_t vocabulary_size_ = 0;
};

BpeTokenizer::BpeTokenizer(const std::string& json, const std::string& origin) {
  try {
    const Json document = Json::parse(json);
    if (!document.is_object() || !document.contains("model"))
      bad(origin, "expected a tokenizers file with a model");
    for (const char* key : {"normalizer", "post_processor", "truncation", "padding"})
      if (document.contains(key) && !document[key].is_null())
        bad(origin,
            std::string(key) + ": expected null, got " + document[key].dump().substr(0, 80));
    const Json pre_tokenizer = document.value("pre_tokenizer", Json());
    if (!pre_tokenizer.is_object() || pre_tokenizer.value("type", "") != "Whitespace")
      bad(origin, "pre_tokenizer: expected Whitespace, got " + pre_tokenizer.dump().substr(0, 80));
    read_model(document["model"], origin);
    read_added_tokens(document, origin);
  } catch (const Json::exception& error) {
    bad(origin, std::string("malformed tokenizer: ") + error.what());
  }
  const auto known = encoder_.vocabulary.find("[SPACE]");
  for (const AddedToken& token : added_)
    if (token.content == "[SPACE]") space_ = token.id;
  if (space_ < 0 && known != encoder_.vocabulary.end()) space_ = known->second;
}

std::int64_t BpeTokenizer::check_id(const Json& id, const std::string& origin) {
  if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() > kMaxId)
    bad(origin, "expected a token id from 0 to 2^20, got " + id.dump().substr(0, 40));
  vocabulary_size_ = std::max(vocabulary_size_, id.get<std::int64_t>() + 1);
  return id.get<std::int64_t>();
}

void BpeTokenizer::read_model(const Json& model, const std::string& origin) {
  if (model.value("type", "BPE") != "BPE") bad(origin, "model: expected BPE");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix", "dropout"})
    if (model.contains(key) && !model[key].is_null() && model[key] != "")
      bad(origin, std::string("model.") + key + ": expected null");
  for (const char* key : {"byte_fallback", "ignore_merges"})
    if (model.contains(key) && model[key] != false)
      bad(origin, std::string("model.") + key + ": expected false");

  for (const auto& [token, id] : model.at("vocab").items())
    encoder_.vocabulary[token] = check_id(id, origin);
  const auto id_of = [&](const std::string& token) {
    const auto found = encoder_.vocabulary.find(token);
    if (found == encoder_.vocabulary.end())
      bad(origin, "merges: \"" + token.substr(0, 80) + "\" is not in the vocabulary");
    return found->second;
  };
  std::uint32_t rank = 0;
  for (const Json& merge : model.at("merges")) {
    std::string left, right;
    if (merge.is_array() && merge.size() == 2) {
      left = merge[0].get<std::string>();
      right = merge[1].get<std::string>();
    } else {
      const auto both = merge.get<std::string>();
      const std::size_t space = both.find(' ');
      if (space == std::string::npos || both.find(' ', space + 1) != std::string::npos)
        bad(origin, "merges: expected two tokens and a space, got " + both.substr(0, 80));
      left = both.substr(0, space);
      right = both.substr(space + 1);
    }
    encoder_.add_merge(id_of(left), id_of(right), {rank++, id_of(left + right)});
  }
  const Json unknown = model.value("unk_token", Json());
  if (!unknown.is_null()) encoder_.unknown = id_of(unknown.get<std::string>());
  encoder_.fuse_unknown = model.value("fuse_unk", false);
}

void BpeTokenizer::read_added_tokens(const Json& document, const std::string& origin) {
  for (const Json& json : document.value("added_tokens", Json::array())) {
    AddedToken token;
    token.content = json.at("content").get<std::string>();
    if (token.content.empty()) continue;
    const auto known = encoder_.vocabulary.find(token.content);
    token.id = known != encoder_.vocabulary.end() ? known->second : check_id(json.at("id"), origin);
    token.single_word = json.value("single_word", false);
    token.lstrip = json.value("lstrip", false);
    token.rstrip = json.value("rstrip", false);
    token.normalized = json.value("normalized", !json.value("special", false));
    added_.push_back(std::move(token));
  }
  std::stable_sort(added_.begin(), added_.end(), [](const AddedToken& a, const AddedToken& b) {
    return a.content.size() > b.content.size();
  });
}

const AddedToken* BpeTokenizer::match_added(std::string_view text, std::size_t at,
                                            bool normalized) const {
  for (const AddedToken& token : added_)
    if (token.normalized == normalized && text.substr(at, token.content.size()) == token.content)
      return &token;
  return nullptr;
}

void BpeTokenizer::cut_added(std::string_view text, bool normalized,
                             std::vector<Stretch>& out) const {
  std::size_t done = 0;
  const auto word_before = [&](std::size_t at) {
    if (at == 0) return false;
    auto i = std::int32_t(at);
    UChar32 c;
    U8_PREV(text.data(), 0, i, c);
    return is_word(c);
  };
  const auto word_at = [&](std::size_t at) {
    return at < text.size() && is_word(character_at(text, at));
  };
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* token = match_added(text, at, normalized);
    if (!token) {
      ++at;
      continue;
    }
    std::size_t begin = at, end = at + token->content.size();
    at = end;
    if (token->single_word && (word_before(begin) || word_at(end))) continue;
    if (token->lstrip) {
      while (begin > done) {
        auto i = std::int32_t(begin);
        UChar32 c;
        U8_PREV(text.data(), 0, i, c);
        if (!is_space(c)) break;
        begin = std::size_t(i);
      }
    }
    if (token->rstrip) {
      for (std::size_t next = end; next < text.size(); end = next)
        if (!is_space(character_at(text, next))) break;
    }
    begin = std::max(begin, done);
    if (begin > done) out.push_back({text.substr(done, begin - done)});
    out.push_back({text.substr(begin, end - begin), token->id});
    done = end;
    at = std::max(at, end);
  }
  if (done < text.size()) out.push_back({text.substr(done)});
}

void BpeTokenizer::encode_plain(std::string_view text, std::vector<std::int64_t>& ids) const {
  enum class Kind { kSpace, kWord, kOther };
  const auto kind_of = [](UChar32 c) {
    return is_word(c) ? Kind::kWord : is_space(c) ? Kind::kSpace : Kind::kOther;
  };
  std::size_t begin = 0;
  Kind kind = Kind::kSpace;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t next = at;
    const Kind here = kind_of(character_at(text, next));
    if (here != kind) {
      if (kind != Kind::kSpace) encoder_.encode(text.substr(begin, at - begin), ids);
      begin = at;
      kind = here;
    }
    at = next;
  }
  if (kind != Kind::kSpace) encoder_.encode(text.substr(begin), ids);
}

TextTokens BpeTokenizer::encode(std::string_view original) const {
  // Upstream writes "[SPACE]" for each space and lets the added tokens find it.
  std::string text;
  for (const char c : original) {
    if (c == ' ')
      text += "[SPACE]";
    else
      text += c;
  }
  std::vector<Stretch> first, stretches;
  cut_added(text, /*normalized=*/false, first);
  for (const Stretch& stretch : first) {
    if (stretch.id >= 0)
      stretches.push_back(stretch);
    else
      cut_added(stretch.text, /*normalized=*/true, stretches);
  }

  TextTokens tokens;
  TextTokens::Word word;
  const auto finish_word = [&] {
    word.last = int(tokens.ids.size()) - 1;
    if (!word.text.empty() && word.last >= word.first) tokens.words.push_back(word);
    word.text.clear();
  };
  for (const Stretch& stretch : stretches) {
    const bool space = stretch.id >= 0 && stretch.id == space_;
    if (space) finish_word();
    if (stretch.id >= 0)
      tokens.ids.push_back(stretch.id);
    else
      encode_plain(stretch.text, tokens.ids);
    if (space)
      word.first = int(tokens.ids.size());
    else
      word.text += stretch.text;
  }
  finish_word();
  return tokens;
}

}  // namespace

std::unique_ptr<TextTokenizer> make_bpe_tokenizer(const std::string& json,
                                                  const std::string& origin) {
  return std::make_unique<BpeTokenizer>(json, origin);
}

}  // namespace chatterbox

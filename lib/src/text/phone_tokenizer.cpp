// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "chatterbox/error.h"
#include "json_text.h"
#include "text/normalizer.h"
#include "text/phones.h"
#include "text/token_file.h"

namespace chatterbox {
namespace {

using Json = nlohmann::json;

class PhoneTokenizer : public TextTokenizer {
 public:
  PhoneTokenizer(const std::string& json, const std::string& origin) {
    if (!have_phones())
      throw Error(ErrorCode::kInvalidArgument,
                  origin + ": this model reads phones, and the library was built without flite");
    try {
      const Json document = parse_json(json);
      const Json& model = document.at("model");
      if (model.value("type", "") != "WordLevel")
        bad_token_file(origin, "model: expected WordLevel");
      for (const auto& [symbol, id] : model.at("vocab").items()) {
        ids_[symbol] = token_id(id, origin);
        size_ = std::max(size_, ids_[symbol] + 1);
      }
    } catch (const Json::exception& error) {
      bad_token_file(origin, std::string("malformed tokenizer: ") + error.what());
    }
    if (!ids_.count("pau") || !ids_.count("|"))
      bad_token_file(origin, "expected the symbols \"pau\" and \"|\" in the vocabulary");
  }

  std::string normalize(std::string_view text) const override { return collapse_spaces(text); }

  TextTokens encode(std::string_view text, std::string_view) const override {
    const Phones phones = read_phones(text);
    TextTokens tokens;
    std::vector<int> position;  // of each symbol; a dropped one has its successor's
    for (const std::string& symbol : phones.symbols) {
      position.push_back(int(tokens.ids.size()));
      const std::int64_t id = find(symbol);
      if (id >= 0) tokens.ids.push_back(id);
    }
    position.push_back(int(tokens.ids.size()));
    for (const TextTokens::Word& word : phones.words) {
      const int first = position[std::size_t(word.first)];
      const int last = position[std::size_t(word.last) + 1] - 1;
      if (last >= first) tokens.words.push_back({word.text, first, last});
    }
    return tokens;
  }

  std::int64_t vocabulary_size() const override { return size_; }

 private:
  // A vowel that training never saw with this stress is better than none.
  std::int64_t find(std::string symbol) const {
    auto found = ids_.find(symbol);
    if (found == ids_.end() && (symbol.back() == '0' || symbol.back() == '1')) {
      symbol.back() = symbol.back() == '0' ? '1' : '0';
      found = ids_.find(symbol);
    }
    return found == ids_.end() ? -1 : found->second;
  }

  std::unordered_map<std::string, std::int64_t> ids_;
  std::int64_t size_ = 0;
};

}  // namespace

std::unique_ptr<TextTokenizer> make_phone_tokenizer(const std::string& json,
                                                    const std::string& origin) {
  return std::make_unique<PhoneTokenizer>(json, origin);
}

}  // namespace chatterbox

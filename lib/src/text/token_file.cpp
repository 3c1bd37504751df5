// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/token_file.h"

#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "json_text.h"

namespace chatterbox {

constexpr std::int64_t kMaxId = 1 << 20;
constexpr std::size_t kMaxAdded = 4096;

void bad_token_file(const std::string& origin, const std::string& what) {
  throw Error(ErrorCode::kBadFile, origin + ": " + what);
}

std::int64_t token_id(const nlohmann::json& json, const std::string& origin) {
  if (!json.is_number_integer() || json.get<std::int64_t>() < 0 ||
      json.get<std::int64_t>() > kMaxId)
    bad_token_file(origin,
                   "expected a token id from 0 to 2^20, got " + json_text(json).substr(0, 40));
  return json.get<std::int64_t>();
}

std::pair<std::string, std::string> split_merge(std::string_view merge, const std::string& origin) {
  const std::size_t space = merge.find(' ');
  if (space == std::string_view::npos || merge.find(' ', space + 1) != std::string_view::npos)
    bad_token_file(
        origin, "merges: expected two tokens and a space, got " + std::string(merge.substr(0, 80)));
  return {std::string(merge.substr(0, space)), std::string(merge.substr(space + 1))};
}

void check_merged(const std::string& missing, const std::string& origin) {
  if (!missing.empty())
    bad_token_file(origin, "merges: \"" + missing.substr(0, 80) + "\" is not in the vocabulary");
}

void check_added_count(std::size_t count, const std::string& origin) {
  if (count > kMaxAdded)
    bad_token_file(origin, "expected at most " + std::to_string(kMaxAdded) + " added tokens, got " +
                               std::to_string(count));
}

}  // namespace chatterbox

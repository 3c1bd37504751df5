// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace chatterbox {

// Helpers that the readers of vocabularies share. Each throws kBadFile.

[[noreturn]] void bad_token_file(const std::string& origin, const std::string& what);

// From 0 to 2^20.
std::int64_t token_id(const nlohmann::json& json, const std::string& origin);

// The two halves of a line of merges.
std::pair<std::string, std::string> split_merge(std::string_view merge, const std::string& origin);

// `missing`: as BytePairEncoder::add_merge() returns it.
void check_merged(const std::string& missing, const std::string& origin);

// Each is looked for at each byte of a text.
void check_added_count(std::size_t count, const std::string& origin);

}  // namespace chatterbox

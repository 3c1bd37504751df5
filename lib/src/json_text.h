// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Reads and writes JSON. The parser and the writer are compiled here, once, and not with each file
// that has something to do with JSON.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace chatterbox {

// Throws nlohmann::json::exception. `on_key` is told each key of the outermost object, and may
// throw.
nlohmann::json parse_json(std::string_view text,
                          const std::function<void(const std::string& key)>& on_key = nullptr);
// Text that is no JSON is a value that is_discarded().
nlohmann::json parse_json_or_discard(std::string_view text);

std::string json_text(const nlohmann::json& json);
std::string json_text(const nlohmann::ordered_json& json);
// A line for each value. Broken UTF-8 is written as U+FFFD.
std::string json_lines(const nlohmann::ordered_json& json);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "json_text.h"

#include <nlohmann/json.hpp>

namespace chatterbox {

using Json = nlohmann::json;

Json parse_json(std::string_view text, const std::function<void(const std::string& key)>& on_key) {
  if (!on_key) return Json::parse(text);
  return Json::parse(text, [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1) on_key(parsed.get<std::string>());
    return true;
  });
}

Json parse_json_or_discard(std::string_view text) { return Json::parse(text, nullptr, false); }

std::string json_text(const Json& json) { return json.dump(); }

std::string json_text(const nlohmann::ordered_json& json) { return json.dump(); }

std::string json_lines(const nlohmann::ordered_json& json) {
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace chatterbox

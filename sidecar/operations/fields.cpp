// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "operations/fields.h"

#include <glib.h>

#include <cmath>

namespace chatterbox::sidecar {
namespace {

std::string short_number(double value) {
  char digits[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd(digits, sizeof digits, "%g", value);
}

[[noreturn]] void refuse(const std::string& name, const std::string& expected, JsonNode* got) {
  throw RequestError("Invalid value for " + name,
                     name + ": expected " + expected + ", got " + describe(got));
}

bool is_number(JsonNode* node) {
  if (!JSON_NODE_HOLDS_VALUE(node)) return false;
  const GType type = json_node_get_value_type(node);
  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

}  // namespace

std::string in_short(const std::string& text) {
  constexpr std::size_t kShown = 1000;
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  // Not within a character.
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string describe(JsonNode* node) {
  if (!node || JSON_NODE_HOLDS_NULL(node)) return "null";
  if (JSON_NODE_HOLDS_OBJECT(node)) return "an object";
  if (JSON_NODE_HOLDS_ARRAY(node)) return "an array";
  const GType type = json_node_get_value_type(node);
  if (type == G_TYPE_BOOLEAN) return json_node_get_boolean(node) ? "true" : "false";
  if (type == G_TYPE_INT64) return std::to_string(json_node_get_int(node));
  if (type == G_TYPE_DOUBLE) return short_number(json_node_get_double(node));
  const std::string text = json_node_get_string(node) ? json_node_get_string(node) : "";
  constexpr std::size_t kShown = 64;
  return text.size() <= kShown ? "'" + text + "'"
                               : "a text of " + std::to_string(text.size()) + " bytes";
}

std::string unknown_field(const std::string& name) {
  return "unknown field '" + name + "' was ignored";
}

JsonNode* Fields::find(const char* name) {
  known_.insert(name);
  JsonNode* node = json_object_get_member(object_, name);
  return node && !JSON_NODE_HOLDS_NULL(node) ? node : nullptr;
}

bool Fields::has(const char* name) const {
  JsonNode* node = json_object_get_member(object_, name);
  return node && !JSON_NODE_HOLDS_NULL(node);
}

std::optional<std::string> Fields::text(const char* name) {
  JsonNode* node = find(name);
  if (!node) return std::nullopt;
  if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
    refuse(name, "a text", node);
  return json_node_get_string(node);
}

std::optional<double> Fields::number(const char* name, Range range) {
  JsonNode* node = find(name);
  if (!node) return std::nullopt;
  const std::string expected =
      "a number from " + short_number(range.low) + " to " + short_number(range.high);
  if (!is_number(node)) refuse(name, expected, node);
  const double value = json_node_get_double(node);
  if (!(value >= range.low && value <= range.high)) refuse(name, expected, node);
  return value;
}

std::optional<std::int64_t> Fields::integer(const char* name, std::int64_t low, std::int64_t high) {
  JsonNode* node = find(name);
  if (!node) return std::nullopt;
  const std::string expected =
      "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
  if (!is_number(node)) refuse(name, expected, node);
  if (json_node_get_value_type(node) == G_TYPE_DOUBLE) {
    const double value = json_node_get_double(node);
    // The largest integers are no doubles: the next one up is beyond what fits.
    constexpr double kBeyond = 9223372036854775808.0;
    if (!(value >= double(low) && value <= double(high) && value < kBeyond) ||
        value != std::floor(value))
      refuse(name, expected, node);
    return std::int64_t(value);
  }
  const std::int64_t value = json_node_get_int(node);
  if (value < low || value > high) refuse(name, expected, node);
  return value;
}

std::optional<bool> Fields::boolean(const char* name) {
  JsonNode* node = find(name);
  if (!node) return std::nullopt;
  if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
    refuse(name, "true or false", node);
  return json_node_get_boolean(node);
}

std::vector<std::string> Fields::unknown() const {
  std::vector<std::string> names;
  GList* members = json_object_get_members(object_);
  for (GList* at = members; at; at = at->next) {
    const char* name = static_cast<const char*>(at->data);
    if (!known_.count(name)) names.emplace_back(name);
  }
  g_list_free(members);
  return names;
}

}  // namespace chatterbox::sidecar

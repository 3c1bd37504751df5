// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace chatterbox::sidecar {

struct JsonNodeRelease {
  void operator()(JsonNode* node) const { json_node_unref(node); }
};
using OwnedJson = std::unique_ptr<JsonNode, JsonNodeRelease>;

// Reads one value, strictly (json_check.h). Throws Error(kInvalidArgument).
OwnedJson parse_json(std::string_view text);

// Builds JSON text from left to right. Audio in base64 makes our answers large:
// nothing is copied but into the answer.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  // Goes on after a member of an object that was begun elsewhere.
  JsonWriter& continue_object() {
    comma_ = true;
    return *this;
  }
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& number(double value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  // Already JSON.
  JsonWriter& raw(std::string_view json);

  JsonWriter& field(std::string_view name, std::string_view value) { return key(name).text(value); }
  JsonWriter& field(std::string_view name, const char* value) { return key(name).text(value); }
  JsonWriter& field(std::string_view name, double value) { return key(name).number(value); }
  JsonWriter& field(std::string_view name, int value) { return key(name).integer(value); }
  JsonWriter& field(std::string_view name, std::int64_t value) { return key(name).integer(value); }
  JsonWriter& field(std::string_view name, bool value) { return key(name).boolean(value); }

  // The text so far, for appending large content in place.
  std::string& buffer() { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void separate();

  std::string out_;
  bool comma_ = false;
};

}  // namespace chatterbox::sidecar

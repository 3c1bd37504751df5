// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "chatterbox/options.h"

namespace chatterbox::sidecar {

// As much of a text as a message shows: what a client sent may be of megabytes, and messages are
// kept.
std::string in_short(const std::string& text);

// A request that cannot be met. what() is the documented sentence that clients
// compare; detail says what was expected and what was found. Both are kept in short.
class RequestError : public std::runtime_error {
 public:
  RequestError(const std::string& error, const std::string& detail)
      : std::runtime_error(in_short(error)), detail_(in_short(detail)) {}
  const std::string& detail() const { return detail_; }

 private:
  std::string detail_;
};

// Reads the fields of a JSON object with their types and ranges, and remembers
// which were asked for. null counts as absent. Throws RequestError.
class Fields {
 public:
  explicit Fields(JsonObject* object) : object_(object) {}

  std::optional<std::string> text(const char* name);
  std::optional<double> number(const char* name, Range range);
  std::optional<std::int64_t> integer(const char* name, std::int64_t low, std::int64_t high);
  std::optional<bool> boolean(const char* name);
  // Known, and of any type.
  void ignore(const char* name) { known_.insert(name); }
  bool has(const char* name) const;

  // Fields nobody asked for.
  std::vector<std::string> unknown() const;

 private:
  JsonNode* find(const char* name);

  JsonObject* object_;
  std::set<std::string> known_;
};

// The warning about a field that nobody knows.
std::string unknown_field(const std::string& name);

// "'abc'", "12.5", "an object", ...: what a message calls a value. Long text is
// named by its length, as it may be audio.
std::string describe(JsonNode* node);

}  // namespace chatterbox::sidecar

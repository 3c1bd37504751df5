// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatterbox::sidecar {

// Limits of a stranger's JSON. They bound the memory and the time that a parser spends on few
// bytes: names that are chosen to collide in its table take time with their square.
struct JsonLimits {
  int depth = 32;
  int values = 20000;
  int members = 256;  // of one object
};

// Nothing when `text` is one JSON value of RFC 8259 within the limits, else what
// was expected and found, and where. Strings must be UTF-8 without U+0000, so
// that they survive as C strings. `lone_surrogates` receives where escapes ("\ud800") begin that
// are half a character: programs write them, parsers stumble over them.
std::optional<std::string> json_fault(std::string_view text, const JsonLimits& limits = {},
                                      std::vector<std::size_t>* lone_surrogates = nullptr);

}  // namespace chatterbox::sidecar

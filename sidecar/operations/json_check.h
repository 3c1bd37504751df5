// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace chatterbox::sidecar {

// What a stranger's JSON may contain. Both bound the memory a parser spends on
// few bytes.
struct JsonLimits {
  int depth = 32;
  int values = 20000;
};

// Nothing when `text` is one JSON value of RFC 8259 within the limits, else what
// was expected and found, and where. Strings must be UTF-8 without U+0000, so
// that they survive as C strings.
std::optional<std::string> json_fault(std::string_view text, const JsonLimits& limits = {});

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "operations/json.h"

#include <cmath>
#include <cstdio>

#include "chatterbox/error.h"
#include "operations/json_check.h"

namespace chatterbox::sidecar {
namespace {

// The character that `text` begins with; how many bytes that were. A byte that begins none, as a
// path or a sentence cut short may hold, becomes U+FFFD: JSON is UTF-8.
std::size_t append_character(std::string& out, std::string_view text) {
  const gunichar character = g_utf8_get_char_validated(text.data(), gssize(text.size()));
  if (character == gunichar(-1) || character == gunichar(-2)) {
    out += "\ufffd";
    return 1;
  }
  const auto size = std::size_t(g_unichar_to_utf8(character, nullptr));
  out += text.substr(0, size);
  return size;
}

}  // namespace

OwnedJson parse_json(std::string_view text) {
  // Some editors begin a text with a mark of their own.
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::size_t> lone;
  if (const auto fault = json_fault(text, {}, &lone))
    throw Error(ErrorCode::kInvalidArgument, "malformed JSON: " + *fault);
  // Half a character becomes the one that stands for what cannot be read.
  std::string mended;
  if (!lone.empty()) {
    mended = text;
    for (const std::size_t at : lone) mended.replace(at, 6, "\\ufffd");
    text = mended;
  }
  GError* error = nullptr;
  JsonParser* parser = json_parser_new_immutable();
  OwnedJson root;
  if (json_parser_load_from_data(parser, text.data(), gssize(text.size()), &error))
    root.reset(json_node_ref(json_parser_get_root(parser)));
  g_object_unref(parser);
  if (root) return root;
  const std::string message = error ? error->message : "empty";
  g_clear_error(&error);
  throw Error(ErrorCode::kInvalidArgument, "malformed JSON: " + message);
}

void JsonWriter::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  text(name);
  out_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  out_ += '"';
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    switch (c) {
      case '"':
        out_ += "\\\"";
        break;
      case '\\':
        out_ += "\\\\";
        break;
      case '\n':
        out_ += "\\n";
        break;
      case '\r':
        out_ += "\\r";
        break;
      case '\t':
        out_ += "\\t";
        break;
      default:
        if ((unsigned char)c < 0x20) {
          char escaped[8];
          std::snprintf(escaped, sizeof escaped, "\\u%04x", unsigned((unsigned char)c));
          out_ += escaped;
        } else if ((unsigned char)c < 0x80) {
          out_ += c;
        } else {
          at += append_character(out_, value.substr(at)) - 1;
        }
    }
  }
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  // Six digits after the point: microseconds and fractions of a sample.
  char digits[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd(digits, sizeof digits, "%.6f", value);
  std::string text = digits;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text += '0';
  out_ += text;
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  separate();
  out_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  separate();
  out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace chatterbox::sidecar

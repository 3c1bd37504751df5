// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "wyoming/wyoming_event.h"

#include <algorithm>

#include "chatterbox/error.h"
#include "operations/fields.h"

namespace chatterbox::sidecar {
namespace {

constexpr std::size_t kMostLine = 64 << 10;
constexpr std::int64_t kMostData = 1 << 20;
constexpr std::int64_t kMostPayload = 16 << 20;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "event: " + what);
}

std::optional<std::string> read_line(GDataInputStream* stream) {
  std::string line;
  // Byte by byte from the stream's buffer: a line without an end must not fill the memory.
  for (;;) {
    char byte = 0;
    GError* error = nullptr;
    const gssize count = g_input_stream_read(G_INPUT_STREAM(stream), &byte, 1, nullptr, &error);
    g_clear_error(&error);
    if (count <= 0) return std::nullopt;
    if (byte == '\n') return line;
    line += byte;
    if (line.size() > kMostLine) refuse("expected a line of at most 64 kB, got more");
  }
}

std::string read_bytes(GDataInputStream* stream, std::int64_t size) {
  std::string bytes(std::size_t(size), '\0');
  gsize count = 0;
  if (!g_input_stream_read_all(G_INPUT_STREAM(stream), bytes.data(), bytes.size(), &count, nullptr,
                               nullptr) ||
      count != bytes.size())
    refuse("expected " + std::to_string(size) + " bytes, got its end");
  return bytes;
}

}  // namespace

std::optional<WyomingEvent> read_event(GDataInputStream* stream) {
  const auto line = read_line(stream);
  if (!line) return std::nullopt;
  OwnedJson head = parse_json(*line);
  if (!JSON_NODE_HOLDS_OBJECT(head.get()))
    refuse("expected an object, got " + describe(head.get()));
  JsonObject* object = json_node_get_object(head.get());
  WyomingEvent event;
  std::int64_t data_bytes = 0, payload_bytes = 0;
  try {
    Fields fields(object);
    event.type = fields.text("type").value_or("");
    data_bytes = fields.integer("data_length", 0, kMostData).value_or(0);
    payload_bytes = fields.integer("payload_length", 0, kMostPayload).value_or(0);
  } catch (const RequestError& error) {
    refuse(error.detail());
  }
  if (data_bytes > 0)
    event.data = parse_json(read_bytes(stream, data_bytes));
  else if (JsonNode* data = json_object_get_member(object, "data"))
    event.data.reset(json_node_ref(data));
  if (event.data && !JSON_NODE_HOLDS_OBJECT(event.data.get())) event.data.reset();
  for (std::int64_t left = payload_bytes; left > 0;) {
    const std::int64_t part = std::min<std::int64_t>(left, 64 << 10);
    read_bytes(stream, part);
    left -= part;
  }
  return event;
}

std::string write_event(std::string_view type, std::string_view data, std::string_view payload) {
  JsonWriter json;
  json.begin_object().field("type", type).field("version", "1.5.4");
  json.field("data_length", std::int64_t(data.size()));
  if (!payload.empty()) json.field("payload_length", std::int64_t(payload.size()));
  std::string bytes = json.end_object().take() + "\n";
  bytes += data;
  bytes += payload;
  return bytes;
}

}  // namespace chatterbox::sidecar

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

// The bytes of one event, which has so long to come: a byte now and then is not enough.
class EventBytes {
 public:
  EventBytes(GDataInputStream* stream, const EventPace& pace) : stream_(stream), pace_(pace) {
    if (pace_.socket) g_socket_set_timeout(pace_.socket, guint(pace_.begin_seconds));
  }

  std::optional<std::string> line() {
    std::string line;
    // Byte by byte from the stream's buffer: a line without an end must not fill the memory.
    for (char byte = 0; read(&byte, 1) > 0; line += byte) {
      if (byte == '\n') return line;
      if (line.size() >= kMostLine) refuse("expected a line of at most 64 kB, got more");
    }
    return std::nullopt;
  }

  std::string bytes(std::int64_t size) {
    std::string bytes(std::size_t(size), '\0');
    for (std::size_t at = 0; at < bytes.size();) {
      const gssize count = read(bytes.data() + at, bytes.size() - at);
      if (count <= 0) refuse("expected " + std::to_string(size) + " bytes, got its end");
      at += std::size_t(count);
    }
    return bytes;
  }

 private:
  gssize read(char* place, std::size_t size) {
    if (deadline_us_ && g_get_monotonic_time() > deadline_us_)
      refuse("expected its end within " + std::to_string(pace_.event_seconds) + " s");
    const gssize count =
        g_input_stream_read(G_INPUT_STREAM(stream_), place, size, nullptr, nullptr);
    if (count > 0 && pace_.socket && !deadline_us_) {
      g_socket_set_timeout(pace_.socket, guint(pace_.event_seconds));
      deadline_us_ = g_get_monotonic_time() + pace_.event_seconds * G_USEC_PER_SEC;
    }
    return count;
  }

  GDataInputStream* stream_;
  const EventPace& pace_;
  gint64 deadline_us_ = 0;
};

}  // namespace

std::optional<WyomingEvent> read_event(GDataInputStream* stream, const EventPace& pace) {
  EventBytes input(stream, pace);
  const auto line = input.line();
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
    event.data = parse_json(input.bytes(data_bytes));
  else if (JsonNode* data = json_object_get_member(object, "data"))
    event.data.reset(json_node_ref(data));
  if (event.data && !JSON_NODE_HOLDS_OBJECT(event.data.get())) event.data.reset();
  for (std::int64_t left = payload_bytes; left > 0;) {
    const std::int64_t part = std::min<std::int64_t>(left, 64 << 10);
    input.bytes(part);
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

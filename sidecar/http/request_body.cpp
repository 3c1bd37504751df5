// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/request_body.h"

#include "barrier.h"
#include "http/http_exchange.h"

namespace chatterbox::sidecar {
namespace {

constexpr const char* kBody = "chatterbox-body";
// Smaller pieces are put together, up to the second: of a byte each they would be kept at a hundred
// times their size.
constexpr gsize kSmallPiece = 16 << 10, kJoined = 256 << 10;
// libsoup reads for as long as there is something to read; after so much others have their turn.
constexpr gsize kTurn = 512 << 10;

// Reads on when the main loop has looked after others.
void rest(SoupServerMessage* message) {
  soup_server_message_pause(message);
  g_idle_add_full(G_PRIORITY_DEFAULT, for_c([](gpointer data) -> gboolean {
                    soup_server_message_unpause(static_cast<SoupServerMessage*>(data));
                    return G_SOURCE_REMOVE;
                  }),
                  g_object_ref(message), g_object_unref);
}

}  // namespace

void RequestBody::collect(SoupServerMessage* message) {
  using Held = std::shared_ptr<RequestBody>;
  auto held = std::make_unique<Held>(std::make_shared<RequestBody>());
  g_object_set_data_full(G_OBJECT(message), kBody, held.release(),
                         [](gpointer held) { delete static_cast<Held*>(held); });
  soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  g_signal_connect(message, "got-chunk",
                   G_CALLBACK(for_c(
                       [](SoupServerMessage* from, GBytes* chunk, gpointer) {
                         const auto body = of(from);
                         if (soup_server_message_get_status(from) != 0) return;
                         if (!body->refused_) body->keep(chunk);
                         body->came_ += g_bytes_get_size(chunk);
                         if (body->came_ < kTurn) return;
                         body->came_ = 0;
                         rest(from);
                       },
                       // A body with a gap is none.
                       [](SoupServerMessage* from, GBytes*, gpointer) { give_up(from); })),
                   nullptr);
}

std::shared_ptr<RequestBody> RequestBody::of(SoupServerMessage* message) {
  const auto* held =
      static_cast<std::shared_ptr<RequestBody>*>(g_object_get_data(G_OBJECT(message), kBody));
  if (held) return *held;
  const auto none = std::make_shared<RequestBody>();
  none->refuse();
  return none;
}

void RequestBody::forget(SoupServerMessage* message) {
  g_object_set_data(G_OBJECT(message), kBody, nullptr);
}

void RequestBody::keep(GBytes* chunk) {
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(chunk, &size));
  const bool small = size < kSmallPiece;
  if (small) joined_.append(data, size);
  if (!small || joined_.size() > kJoined) close_joined();
  if (!small) {
    pieces_.push_back(chunk);
    g_bytes_ref(chunk);
  }
  size_ += std::int64_t(size);
}

void RequestBody::close_joined() {
  if (joined_.empty()) return;
  pieces_.push_back(nullptr);
  pieces_.back() = g_bytes_new(joined_.data(), joined_.size());
  joined_.clear();
}

void RequestBody::drop() {
  for (GBytes* piece : pieces_) g_bytes_unref(piece);
  pieces_.clear();
  joined_ = {};
  size_ = 0;
}

void RequestBody::refuse() {
  refused_ = true;
  drop();
}

std::string RequestBody::take() {
  std::string text;
  text.reserve(std::size_t(size_));
  for (GBytes* piece : pieces_) {
    gsize size = 0;
    const auto* data = static_cast<const char*>(g_bytes_get_data(piece, &size));
    if (size > 0) text.append(data, size);
    // Given back as it is copied: the two together are not in memory at once.
    g_bytes_unref(piece);
  }
  pieces_.clear();
  text += joined_;
  joined_ = {};
  size_ = 0;
  return text;
}

}  // namespace chatterbox::sidecar

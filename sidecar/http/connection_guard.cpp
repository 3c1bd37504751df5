// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/connection_guard.h"

#include "main_loop.h"

namespace chatterbox::sidecar {
namespace {

constexpr const char* kWait = "chatterbox-wait";
// For reading an answer, or the next piece of one, of many megabytes.
constexpr gint64 kAnswerUs = 300 * G_USEC_PER_SEC;

}  // namespace

ConnectionGuard::ConnectionGuard(SoupServer* server, int max_connections, int header_seconds,
                                 int body_seconds)
    : max_connections_(max_connections),
      header_us_(header_seconds * G_USEC_PER_SEC),
      body_us_(body_seconds * G_USEC_PER_SEC) {
  g_signal_connect(server, "request-started",
                   G_CALLBACK(+[](SoupServer*, SoupServerMessage* message, gpointer self) {
                     static_cast<ConnectionGuard*>(self)->started(message);
                   }),
                   this);
  post_every(1000, [this] { sweep(); });
}

void ConnectionGuard::started(SoupServerMessage* message) {
  // libsoup begins a request when it accepts a connection; it ends with its message.
  auto* wait = new Wait{this, message, g_get_monotonic_time() + header_us_};
  waits_.insert(wait);
  g_object_set_data_full(G_OBJECT(message), kWait, wait, [](gpointer data) {
    auto* gone = static_cast<Wait*>(data);
    gone->guard->waits_.erase(gone);
    delete gone;
  });
  g_signal_connect(message, "got-headers", G_CALLBACK(+[](SoupServerMessage*, gpointer data) {
                     auto* at = static_cast<Wait*>(data);
                     at->deadline_us = g_get_monotonic_time() + at->guard->body_us_;
                   }),
                   wait);
  g_signal_connect(message, "got-body", G_CALLBACK(+[](SoupServerMessage*, gpointer data) {
                     static_cast<Wait*>(data)->deadline_us = 0;
                   }),
                   wait);
  // A connection whose TLS handshake failed is gone before its message.
  g_signal_connect(message, "disconnected", G_CALLBACK(+[](SoupServerMessage*, gpointer data) {
                     auto* gone = static_cast<Wait*>(data);
                     gone->guard->waits_.erase(gone);
                   }),
                   wait);
  for (const char* progress : {"wrote-headers", "wrote-chunk"})
    g_signal_connect(message, progress, G_CALLBACK(+[](SoupServerMessage*, gpointer data) {
                       static_cast<Wait*>(data)->deadline_us = g_get_monotonic_time() + kAnswerUs;
                     }),
                     wait);
  if (int(waits_.size()) > max_connections_) close(message);
}

void ConnectionGuard::sweep() {
  const gint64 now = g_get_monotonic_time();
  for (Wait* wait : waits_)
    if (wait->deadline_us && wait->deadline_us < now) {
      // Once is enough: libsoup lets go of it in its own time.
      wait->deadline_us = 0;
      close(wait->message);
    }
}

void ConnectionGuard::close(SoupServerMessage* message) {
  if (GSocket* socket = soup_server_message_get_socket(message))
    g_socket_shutdown(socket, TRUE, TRUE, nullptr);
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/webhooks.h"

#include "jobs/intake.h"
#include "log.h"

namespace chatterbox::sidecar {
namespace {

constexpr guint kTimeoutSeconds = 8;

struct Delivery {
  JobStore& store;
  SoupMessage* message;
  std::string id;
};

// Before the first byte goes out: a name may stand for an address that may not
// be called.
void on_network_event(SoupMessage*, GSocketClientEvent event, GIOStream* stream, gpointer stop) {
  if (event != G_SOCKET_CLIENT_CONNECTED || !G_IS_SOCKET_CONNECTION(stream)) return;
  GSocketAddress* peer =
      g_socket_connection_get_remote_address(G_SOCKET_CONNECTION(stream), nullptr);
  const bool allowed =
      peer && G_IS_INET_SOCKET_ADDRESS(peer) &&
      webhook_peer_allowed(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(peer)));
  if (peer) g_object_unref(peer);
  if (!allowed) g_cancellable_cancel(G_CANCELLABLE(stop));
}

}  // namespace

Webhooks::Webhooks(JobStore& store)
    : store_(store),
      session_(soup_session_new_with_options("timeout", kTimeoutSeconds, "user-agent",
                                             "chatterbox-server", nullptr)) {}

Webhooks::~Webhooks() {
  soup_session_abort(session_);
  g_object_unref(session_);
}

void Webhooks::send(const Job& job) {
  SoupMessage* message = soup_message_new("POST", job.webhook.c_str());
  if (!message) return;
  std::string body;
  try {
    body = status_json(job, store_.output(job.id));
  } catch (const StorageError& error) {
    log(Level::kWarning, "job " + job.id + ": webhook postponed: " + error.what());
    g_object_unref(message);
    return;
  }
  // An address that sends us on may lead where its owner may not go.
  soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
  GBytes* bytes = g_bytes_new(body.data(), body.size());
  soup_message_set_request_body_from_bytes(message, "application/json", bytes);
  g_bytes_unref(bytes);
  GCancellable* stop = g_cancellable_new();
  g_signal_connect_data(
      message, "network-event", G_CALLBACK(on_network_event), stop,
      [](gpointer data, GClosure*) { g_object_unref(data); }, GConnectFlags(0));
  soup_session_send_async(
      session_, message, G_PRIORITY_LOW, stop,
      [](GObject* session, GAsyncResult* result, gpointer data) {
        const std::unique_ptr<Delivery> delivery(static_cast<Delivery*>(data));
        GError* error = nullptr;
        GInputStream* stream = soup_session_send_finish(SOUP_SESSION(session), result, &error);
        const guint status = soup_message_get_status(delivery->message);
        if (stream) g_object_unref(stream);
        const std::string trouble = error ? error->message : "";
        g_clear_error(&error);
        g_object_unref(delivery->message);
        if (trouble.empty() && status == 200) {
          log(Level::kInfo, "job " + delivery->id + ": webhook delivered");
          try {
            delivery->store.webhook_done(delivery->id);
          } catch (const StorageError& failure) {
            log(Level::kWarning, "job " + delivery->id + ": " + failure.what());
          }
        } else {
          log(Level::kWarning, "job " + delivery->id + ": webhook expected status 200, got " +
                                   (trouble.empty() ? std::to_string(status) : trouble));
        }
      },
      new Delivery{store_, message, job.id});
}

}  // namespace chatterbox::sidecar

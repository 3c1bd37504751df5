// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/webhooks.h"

#include "barrier.h"
#include "jobs/output_stream.h"
#include "log.h"
#include "main_loop.h"

namespace chatterbox::sidecar {
namespace {

constexpr guint kTimeoutSeconds = 8;
// For one try, however slowly its other end reads.
constexpr guint kMostSeconds = 45;
constexpr int kEach = 4;

}  // namespace

struct Webhooks::JobCall {
  Webhooks* owner;
  Job job;
  GCancellable* stop = g_cancellable_new();
  SoupMessage* message = nullptr;
  guint timer = 0;
  bool refused = false;
  // The job is kept for us.
  bool reads = false;

  ~JobCall() {
    if (timer) g_source_remove(timer);
    if (message) g_object_unref(message);
    g_object_unref(stop);
  }
};

Webhooks::Webhooks(AsyncStore& store, const WebhookPolicy& policy, int retry_seconds)
    : store_(store),
      policy_(policy),
      retry_ms_(retry_seconds * 1000LL),
      session_(soup_session_new_with_options("timeout", kTimeoutSeconds, "user-agent",
                                             "chatterbox-server", nullptr)) {
  // The address that is checked is the one that is called, not that of a proxy.
  soup_session_set_proxy_resolver(session_, nullptr);
}

Webhooks::~Webhooks() {
  soup_session_abort(session_);
  g_object_unref(session_);
}

void Webhooks::look() {
  std::map<std::string, int> busy;
  {
    const std::lock_guard lock(mutex_);
    busy = in_the_air_;
  }
  for (const Job& job : store_.blocking().due_webhooks(busy, kEach)) {
    {
      const std::lock_guard lock(mutex_);
      ++in_the_air_[job.owner];
    }
    post([this, job] { send(job); });
  }
}

// Not sent, not counted: its time comes again.
void Webhooks::postpone(JobCall* call) noexcept { call->owner->let_go(call); }

void Webhooks::send(const Job& job) {
  auto* call = new JobCall{this, job};
  try {
    look_up(call);
  } catch (...) {
    log_exception("a webhook, which comes later,");
    postpone(call);
  }
}

void Webhooks::look_up(JobCall* call) {
  const Job& job = call->job;
  GUri* uri = g_uri_parse(job.webhook.c_str(), GUriFlags(SOUP_HTTP_URI_FLAGS), nullptr);
  if (!uri || !policy_.allows(job.webhook)) {
    if (uri) g_uri_unref(uri);
    return finished(call, "its address may not be called", false);
  }
  call->message = soup_message_new_from_uri("POST", uri);
  call->timer = g_timeout_add_seconds(kMostSeconds, for_c([](gpointer data) -> gboolean {
                                        auto* late = static_cast<JobCall*>(data);
                                        late->timer = 0;
                                        g_cancellable_cancel(late->stop);
                                        return G_SOURCE_REMOVE;
                                      }),
                                      call);
  // A name is looked up first: what may not be called is not even knocked at.
  GResolver* resolver = g_resolver_get_default();
  g_resolver_lookup_by_name_async(
      resolver, g_uri_get_host(uri), call->stop,
      for_c(
          [](GObject* source, GAsyncResult* result, gpointer data) {
            auto* waiting = static_cast<JobCall*>(data);
            GError* error = nullptr;
            const std::unique_ptr<GList, void (*)(GList*)> addresses(
                g_resolver_lookup_by_name_finish(G_RESOLVER(source), result, &error),
                g_resolver_free_addresses);
            const std::unique_ptr<GError, void (*)(GError*)> failure(error, g_error_free);
            if (addresses)
              waiting->owner->resolved(waiting, addresses.get());
            else
              waiting->owner->finished(waiting, failure ? failure->message : "", true);
          },
          [](GObject*, GAsyncResult*, gpointer data) { postpone(static_cast<JobCall*>(data)); }),
      call);
  g_object_unref(resolver);
  g_uri_unref(uri);
}

// A name may have come to stand for another address since it was looked up. Asked before the first
// packet goes there, as knocking is telling, and once more before the first byte.
void Webhooks::on_network_event(SoupMessage*, GSocketClientEvent event, GIOStream* stream,
                                gpointer data) {
  auto* call = static_cast<JobCall*>(data);
  const bool before = event == G_SOCKET_CLIENT_CONNECTING;
  if ((!before && event != G_SOCKET_CLIENT_CONNECTED) || !G_IS_SOCKET_CONNECTION(stream)) return;
  GSocketAddress* peer =
      g_socket_connection_get_remote_address(G_SOCKET_CONNECTION(stream), nullptr);
  const bool allowed = peer && G_IS_INET_SOCKET_ADDRESS(peer) &&
                       call->owner->policy_.allows_peer(
                           g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(peer)));
  if (peer) g_object_unref(peer);
  if (allowed) return;
  call->refused = true;
  // A socket that is closed connects to nothing; cancelling comes too late for that.
  if (before) g_socket_close(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)), nullptr);
  g_cancellable_cancel(call->stop);
}

void Webhooks::resolved(JobCall* call, GList* addresses) {
  for (GList* at = addresses; at; at = at->next)
    if (!policy_.allows_peer(G_INET_ADDRESS(at->data)))
      return finished(call, "its address may not be called", false);
  store_.read(
      [call](JobStore& store) {
        // Kept while it is sent, also when its time ends meanwhile.
        call->reads = store.begin_reading(call->job.id);
        return store.output_bytes(call->job.id);
      },
      [this, call](auto& bytes) {
        try {
          std::int64_t length = 0;
          GInputStream* body = open_status(store_.blocking(), call->job, bytes.get(), &length);
          post_body(call, body, length);
        } catch (...) {
          log_exception("a webhook, which comes later,");
          postpone(call);
        }
      });
}

void Webhooks::post_body(JobCall* call, GInputStream* body, std::int64_t length) {
  SoupMessage* message = call->message;
  // An address that sends us on may lead where its owner may not go.
  soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_set_request_body(message, "application/json", body, length);
  g_object_unref(body);
  g_signal_connect(message, "network-event",
                   G_CALLBACK(for_c<on_network_event>(
                       [](SoupMessage*, GSocketClientEvent, GIOStream*, gpointer data) {
                         // An address that was not checked is not called.
                         g_cancellable_cancel(static_cast<JobCall*>(data)->stop);
                       })),
                   call);
  soup_session_send_async(
      session_, message, G_PRIORITY_LOW, call->stop,
      for_c(
          [](GObject* session, GAsyncResult* result, gpointer data) {
            auto* sent = static_cast<JobCall*>(data);
            g_signal_handlers_disconnect_by_data(sent->message, sent);
            GError* error = nullptr;
            GInputStream* stream = soup_session_send_finish(SOUP_SESSION(session), result, &error);
            const std::unique_ptr<GError, void (*)(GError*)> failure(error, g_error_free);
            const guint status = soup_message_get_status(sent->message);
            if (stream) g_object_unref(stream);
            std::string trouble = failure ? failure->message : "";
            if (sent->refused) trouble = "its address may not be called";
            if (trouble.empty() && status != 200)
              trouble = "expected status 200, got " + std::to_string(status);
            sent->owner->finished(sent, trouble, true);
          },
          [](GObject*, GAsyncResult*, gpointer data) { postpone(static_cast<JobCall*>(data)); }),
      call);
}

// `sent`: as far as that was possible. A forbidden address is not tried again.
void Webhooks::finished(JobCall* call, const std::string& trouble, bool sent) {
  const std::string& id = call->job.id;
  log(trouble.empty() ? Level::kInfo : Level::kWarning,
      "job " + id + ": webhook " + (trouble.empty() ? "delivered" : "failed: " + trouble));
  const bool done = trouble.empty() || !sent || call->refused;
  store_.write(
      [id, done, retry_ms = retry_ms_](JobStore& store) {
        store.webhook_sent(id, done, retry_ms);
        return true;
      },
      [this, call](auto& answer) {
        run_guarded("counting a webhook", [&] { answer.get(); });
        let_go(call);
      });
}

void Webhooks::let_go(JobCall* call) noexcept {
  const std::unique_ptr<JobCall> over(call);
  run_guarded("the end of a webhook", [&] {
    {
      const std::lock_guard lock(mutex_);
      if (--in_the_air_[over->job.owner] <= 0) in_the_air_.erase(over->job.owner);
    }
    if (over->reads) store_.blocking().end_reading(over->job.id);
  });
}

}  // namespace chatterbox::sidecar

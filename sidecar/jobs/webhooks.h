// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <map>
#include <mutex>
#include <string>

#include "jobs/async_store.h"
#include "jobs/webhook_policy.h"

namespace chatterbox::sidecar {

// Sends results where clients asked for them: the JSON of /status, by POST.
// Anything but 200 is tried again; the store counts.
class Webhooks {
 public:
  Webhooks(AsyncStore& store, const WebhookPolicy& policy, int retry_seconds);
  ~Webhooks();

  // Begins what is due: a few for each owner, so that none waits for the dead addresses of
  // another. Called now and then, in any thread.
  void look();

 private:
  struct JobCall;
  // In the thread of the main loop, like everything below.
  void send(const Job& job);
  void look_up(JobCall* call);
  void resolved(JobCall* call, GList* addresses);
  void post_body(JobCall* call, GInputStream* body, std::int64_t length);
  void let_go(JobCall* call) noexcept;
  static void postpone(JobCall* call) noexcept;
  void finished(JobCall* call, const std::string& trouble, bool sent);
  static void on_network_event(SoupMessage*, GSocketClientEvent event, GIOStream* stream,
                               gpointer call);

  AsyncStore& store_;
  const WebhookPolicy policy_;
  const std::int64_t retry_ms_;
  SoupSession* session_;
  std::mutex mutex_;
  // Guarded by mutex_: tries under way.
  std::map<std::string, int> in_the_air_;
};

}  // namespace chatterbox::sidecar

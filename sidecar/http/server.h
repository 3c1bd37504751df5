// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <memory>
#include <string>

#include "background.h"
#include "config.h"
#include "http/access.h"
#include "http/connections.h"
#include "http/http_exchange.h"
#include "http/keys.h"
#include "http/speech_request.h"
#include "http/waiters.h"
#include "jobs/async_store.h"
#include "jobs/worker_pool.h"
#include "metrics.h"
#include "models/models.h"
#include "operations/voices.h"
#include "shares.h"

namespace chatterbox::sidecar {

// Parts of the server that routes use. Lives as long as the process.
struct Services {
  const Config& config;
  const Keys& keys;
  const Shares& shares;
  AsyncStore& store;
  Models& models;
  Voices& voices;
  Metrics& metrics;
  WorkerPool& pool;
  Waiters& waiters;
  Budgets& budgets;
  // Read requests: small ones do not wait behind large ones, nor those behind recordings.
  Background &small_requests, &large_requests, &voice_changes;
  const StandardVoices& standard_voices;
  // Set once the server is to stop: balancers are told, and later nothing new is accepted.
  bool leaving = false, draining = false;
};

// Throws Error when the setting `listen` is no address, or one that the world may reach while
// there are no keys. Costs nothing: for the beginning of a start.
void check_listen(const Config& config, const Keys& keys);

// HTTP server: access, routes, connections. Thread of the main loop only.
class Server {
 public:
  // Throws Error when the address is taken or the certificate unusable.
  explicit Server(Services& services);
  ~Server();

  // "http://127.0.0.1:8004/"
  std::string address() const;
  // Number of open connections.
  int connections() const { return connections_->size(); }

 private:
  void listen();
  // Before the body: refuses what would be refused anyway.
  void on_headers(SoupServerMessage* message, const char* path);
  void on_request(SoupServerMessage* message, const char* path, GHashTable* query);
  void limit_body(SoupServerMessage* message, const Route* route, const std::string& owner);

  Services& services_;
  const Access access_;
  SoupServer* server_;
  GSocket* listening_ = nullptr;
  std::unique_ptr<Connections> connections_;
};

// Adds Retry-After: when room in the queue is likely.
void add_retry_after(Services& services, const Exchange& exchange);

// {"error": {"message": ..., ...}}
std::string openai_error(const std::string& message, const char* type, const std::string& code);

// Answers 200 with `head`, the output of the job as it is on disk, and `tail`: read and sent in
// pieces, as the client takes them.
void reply_with_output(Services& services, const Exchange& exchange, const std::string& id,
                       std::string head, std::string tail);

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <memory>
#include <string>

#include "config.h"
#include "http/connection_guard.h"
#include "http/http_exchange.h"
#include "http/keys.h"
#include "http/upload_budget.h"
#include "http/waiters.h"
#include "jobs/job_store.h"
#include "jobs/worker_pool.h"
#include "metrics.h"
#include "operations/voices.h"

namespace chatterbox::sidecar {

// What the routes work with. Lives as long as the process.
struct Services {
  const Config& config;
  JobStore& store;
  Voices& voices;
  Metrics& metrics;
  WorkerPool& pool;
  Waiters& waiters;
  // Set once the server is to stop: nothing new is accepted.
  bool draining = false;
};

// HTTP: who may ask, what is whose route. Thread of the main loop only.
class Server {
 public:
  // Throws Error when the address is taken or the certificate unusable.
  Server(Services& services, const Keys& keys);
  ~Server();

  // "http://127.0.0.1:8004/"
  std::string address() const;

 private:
  void listen();
  // Before the body: refuses what would be refused anyway.
  void on_headers(SoupServerMessage* message, const char* path);
  void on_request(SoupServerMessage* message, const char* path, GHashTable* query);
  bool may_ask(SoupServerMessage* message, const char* path);
  bool allow_origin(SoupServerMessage* message);

  Services& services_;
  const Keys& keys_;
  UploadBudget uploads_;
  SoupServer* server_;
  std::unique_ptr<ConnectionGuard> guard_;
};

// Routes; each answers, or keeps the exchange to answer later.
void handle_run(Services& services, const Exchange& exchange, bool sync);
void handle_status(Services& services, const Exchange& exchange, const std::string& id, bool wait);
void handle_stream(Services& services, const Exchange& exchange, const std::string& id);
void handle_cancel(Services& services, const Exchange& exchange, const std::string& id);
void handle_retry(Services& services, const Exchange& exchange, const std::string& id);
void handle_purge(Services& services, const Exchange& exchange);
void handle_health(Services& services, const Exchange& exchange);
void handle_metrics(Services& services, const Exchange& exchange);
void handle_ping(Services& services, const Exchange& exchange);
void handle_page(const Exchange& exchange);
void handle_speech(Services& services, const Exchange& exchange);
void handle_models(Services& services, const Exchange& exchange, const std::string& id);

// Adds Retry-After: when room in the queue is likely.
void add_retry_after(Services& services, const Exchange& exchange);

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Answers of the server about itself.
#include "audio/audio_encode.h"
#include "http/server.h"
#include "operations/json.h"
#include "page_files.h"

namespace chatterbox::sidecar {

void handle_health(Services& services, const Exchange& exchange) {
  // Other owners' jobs show only as busy workers.
  const JobCounts jobs = services.store.counts(exchange->owner());
  const int busy = services.pool.busy(), workers = services.pool.size();
  const bool ready = services.pool.started();
  JsonWriter json;
  json.begin_object().key("jobs").begin_object();
  json.field("completed", jobs.completed)
      .field("failed", jobs.failed)
      .field("inProgress", jobs.running)
      .field("inQueue", jobs.queued)
      .field("retried", jobs.retried)
      .end_object();
  json.key("workers").begin_object();
  json.field("idle", ready ? workers - busy : 0)
      .field("initializing", ready ? 0 : workers)
      .field("ready", ready ? workers : 0)
      .field("running", busy)
      .field("throttled", 0)
      .field("unhealthy", 0)
      .end_object();
  exchange->reply_json(200, json.end_object().take());
}

void handle_metrics(Services& services, const Exchange& exchange) {
  exchange->reply(
      200, "text/plain; version=0.0.4",
      services.metrics.text(services.store.counts(), services.store.figures(), services.pool.busy(),
                            services.pool.size(), services.models.any_loaded()));
}

// 204 while the model loads, 503 while the server ends, and how full it is: what balancers ask.
void handle_ping(Services& services, const Exchange& exchange) {
  if (services.leaving) return exchange->reply_error(503, "Stopping", "the server is about to end");
  if (storage_damaged())
    return exchange->reply_error(503, "Storage unavailable",
                                 "the database of jobs is damaged; see the log");
  if (!services.store.available())
    return exchange->reply_error(503, "Storage unavailable", "the database of jobs is away");
  if (!services.pool.started()) return exchange->reply(204, "text/plain", "");
  JsonWriter json;
  json.begin_object().field("status", "healthy");
  json.field("workers", services.pool.size())
      .field("busy", services.pool.busy())
      .field("waiting", services.pool.waiting())
      .end_object();
  exchange->reply_json(200, json.take());
}

namespace {

void reply_page(const Exchange& exchange, const PageFile& file) {
  exchange->add_header("Content-Security-Policy",
                       "default-src 'none'; script-src 'self'; style-src 'self'; "
                       "connect-src 'self'; media-src 'self' blob:; img-src 'self' data:; "
                       "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
  exchange->reply(200, file.type, file.text);
}

}  // namespace

void handle_page(Services&, const Exchange& exchange) { reply_page(exchange, kPageFiles[0]); }

void handle_page_file(Services&, const Exchange& exchange) {
  for (const PageFile& file : kPageFiles)
    if (exchange->parameter(0) == file.name) return reply_page(exchange, file);
  exchange->reply_error(404, "Not found", "no such file of the page");
}

}  // namespace chatterbox::sidecar

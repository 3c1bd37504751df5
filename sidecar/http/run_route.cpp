// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// POST /run and /runsync: a request becomes a job on disk.
#include <algorithm>
#include <cmath>
#include <mutex>
#include <thread>

#include "http/server.h"
#include "jobs/intake.h"
#include "log.h"
#include "main_loop.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

// Larger requests hold audio; reading one takes longer than others should wait.
constexpr gsize kSmallRequest = 64 << 10;
constexpr std::int64_t kSyncWaitMs = 90'000;

void answer_sync(Services& services, const Exchange& exchange, const std::string& id) {
  const std::int64_t wait = exchange->query_number("wait", kSyncWaitMs, 1000, 300'000);
  services.waiters.add(id, wait, [&services, exchange, id](bool must) {
    try {
      const auto job = services.store.find(id);
      if (!job) {
        exchange->reply_error(404, "Job not found", "no job " + id + "; it has expired");
        return true;
      }
      if (!must && !is_final(job->state)) return false;
      exchange->reply_json(200, status_json(*job, services.store.output(id)));
    } catch (const StorageError& error) {
      exchange->reply_error(503, "Storage unavailable", error.what());
    }
    return true;
  });
}

void accept(Services& services, const Exchange& exchange, Intake intake) {
  // The job has its own copy; an answer to /runsync may be long in coming.
  exchange->drop_body();
  if (!intake.error.empty()) return exchange->reply_error(400, intake.error, intake.detail);
  NewJob& job = intake.job;
  job.client = exchange->client();
  const bool valid = intake.job_error.empty();
  try {
    if (!valid) {
      services.store.add_failed(job, intake.job_error, intake.job_detail);
      services.metrics.count_error("request");
      log(Level::kInfo, "job " + job.id + " FAILED: the request is not valid");
    } else if (!services.store.add(job)) {
      add_retry_after(services, exchange);
      return exchange->reply_error(429, "Too many requests", "the queue is full; try again later");
    }
  } catch (const StorageError& error) {
    log(Level::kWarning, std::string("cannot keep a request: ") + error.what());
    add_retry_after(services, exchange);
    return exchange->reply_error(503, "Storage unavailable",
                                 "the request could not be kept; try again later");
  }
  if (valid) services.pool.wake();
  if (job.sync) return answer_sync(services, exchange, job.id);
  JsonWriter json;
  json.begin_object().field("id", job.id).field("status", "IN_QUEUE").end_object();
  exchange->reply_json(200, json.take());
}

}  // namespace

void add_retry_after(Services& services, const Exchange& exchange) {
  const double wait = double(services.store.counts().queued) *
                      services.metrics.usual_job_seconds() / services.pool.size() / 10;
  exchange->add_header("Retry-After", std::to_string(int(std::clamp(std::ceil(wait), 1.0, 60.0))));
}

void handle_run(Services& services, const Exchange& exchange, bool sync) {
  exchange->set_route(sync ? "runsync" : "run");
  if (services.draining) {
    exchange->add_header("Retry-After", "5");
    return exchange->reply_error(503, "Stopping", "the server is about to end");
  }
  const auto body = exchange->body();
  const auto read = [sync, &services](const std::shared_ptr<GBytes>& bytes) {
    gsize size = 0;
    const auto* data = static_cast<const char*>(g_bytes_get_data(bytes.get(), &size));
    return read_intake({data ? data : "", size}, sync, services.config.webhooks);
  };
  if (g_bytes_get_size(body.get()) <= kSmallRequest) return accept(services, exchange, read(body));
  // The exchange itself stays in this thread: it is moved through the other one
  // and back, and never touched there.
  // One such request is read at a time: the processors have other work.
  static std::mutex one_at_a_time;
  std::thread([&services, read, body, exchange = exchange]() mutable {
    const std::lock_guard lock(one_at_a_time);
    auto intake = std::make_shared<Intake>(read(body));
    post([&services, intake, exchange = std::move(exchange)] {
      accept(services, exchange, std::move(*intake));
    });
  }).detach();
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// POST /run and /runsync: a request becomes a job on disk.
#include <algorithm>
#include <cmath>

#include "ask.h"
#include "http/job_answers.h"
#include "http/server.h"
#include "jobs/intake.h"
#include "log.h"
#include "operations/fields.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

// Larger requests hold audio; reading one takes longer than others should wait.
constexpr std::int64_t kSmallRequest = 64 << 10;
constexpr std::int64_t kSyncWaitMs = 90'000;

// Outcome of a request, told by the thread that read it.
struct Accepted {
  Intake intake;
  enum class Fate { kNoJob, kFailed, kWaits, kFull, kNotKept } fate = Fate::kNoJob;
};

// In a thread of its own: reading and keeping 20 MB takes a while.
Accepted accept(Services& services, std::string_view body, bool sync, const std::string& owner,
                const WebhookPolicy& webhooks) {
  using Fate = Accepted::Fate;
  JobStore& store = services.store.blocking();
  Accepted accepted{read_intake(body, sync, owner, webhooks)};
  Intake& intake = accepted.intake;
  if (!intake.error.empty()) return accepted;
  if (const std::string model = services.models.resolve(intake.job.model); !model.empty()) {
    intake.job.model = model;
  } else if (intake.job_error.empty()) {
    intake.job_error = in_short("Unknown model: " + intake.job.model);
    intake.job_detail = "model: " + services.models.unknown(intake.job.model);
  }
  if (!intake.job_error.empty()) intake.job.model.clear();
  const bool valid = intake.job_error.empty();
  try {
    const bool kept = valid ? store.add(intake.job)
                            : store.add_failed(intake.job, intake.job_error, intake.job_detail);
    accepted.fate = !kept ? Fate::kFull : valid ? Fate::kWaits : Fate::kFailed;
  } catch (const StorageError& error) {
    log(Level::kWarning, std::string("cannot keep a request: ") + error.what());
    accepted.fate = Fate::kNotKept;
  }
  // It is on disk now.
  accepted.intake.job.request.clear();
  return accepted;
}

void answer(Services& services, const Exchange& exchange, const Accepted& accepted) {
  using Fate = Accepted::Fate;
  const Intake& intake = accepted.intake;
  const NewJob& job = intake.job;
  // An answer to /runsync may be long in coming.
  exchange->drop_body();
  switch (accepted.fate) {
    case Fate::kNoJob:
      return exchange->reply_error(400, intake.error, intake.detail);
    case Fate::kFull:
      add_retry_after(services, exchange);
      return exchange->reply_error(429, "Too many requests",
                                   "the queue, or your share of it, is full; try again later");
    case Fate::kNotKept:
      add_retry_after(services, exchange);
      return exchange->reply_error(503, "Storage unavailable",
                                   "the request could not be kept; try again later");
    case Fate::kFailed:
      services.metrics.count_error("request");
      log(Level::kInfo, "job " + job.id + " FAILED: the request is not valid");
      break;
    case Fate::kWaits:
      services.pool.wake();
  }
  if (job.sync) {
    const std::int64_t wait = exchange->query_number("wait", kSyncWaitMs, 1000, 300'000);
    return wait_for_end(services, exchange, job.id, wait);
  }
  JsonWriter json;
  json.begin_object().field("id", job.id).field("status", "IN_QUEUE").end_object();
  exchange->reply_json(200, json.take());
}

void run(Services& services, const Exchange& exchange, bool sync) {
  if (services.draining) {
    exchange->add_header("Retry-After", "5");
    return exchange->reply_error(503, "Stopping", "the server is about to end");
  }
  static const WebhookPolicy webhooks(services.config.webhooks);
  Background& reader =
      exchange->body()->size() <= kSmallRequest ? services.small_requests : services.large_requests;
  ask(
      reader,
      [&services, sync, body = exchange->body(), owner = exchange->owner()] {
        return accept(services, body->take(), sync, owner, webhooks);
      },
      [&services, exchange](Outcome<Accepted>& accepted) {
        guard(services, exchange, [&] {
          answer(services, exchange, accepted.get());
          return true;
        });
      },
      exchange->owner());
}

}  // namespace

void handle_run(Services& services, const Exchange& exchange) { run(services, exchange, false); }

void handle_runsync(Services& services, const Exchange& exchange) { run(services, exchange, true); }

void add_retry_after(Services& services, const Exchange& exchange) {
  const double wait = double(services.store.counts().queued) *
                      services.metrics.usual_job_seconds() / services.pool.size() / 10;
  exchange->add_header("Retry-After", std::to_string(int(std::clamp(std::ceil(wait), 1.0, 60.0))));
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// What clients ask about jobs they have.
#include "http/server.h"
#include "log.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

// Shorter than what clients wait for an answer.
constexpr std::int64_t kMostStreamWaitMs = 9000;
constexpr std::int64_t kMostTtlMs = 7 * 24 * 3600 * 1000LL;

void reply_unknown(const Exchange& exchange, const std::string& id) {
  exchange->reply_error(404, "Job not found",
                        "no job " + id.substr(0, 100) + "; it never was, or it has expired");
}

// Calls `answer`; storage that fails is answered for it.
template <class Answer>
bool with_storage(Services& services, const Exchange& exchange, const Answer& answer) {
  try {
    return answer();
  } catch (const StorageError& error) {
    log(Level::kWarning, std::string("storage: ") + error.what());
    add_retry_after(services, exchange);
    exchange->reply_error(503, "Storage unavailable", "try again later");
    return true;
  }
}

std::string stream_json(const StreamNews& news) {
  const Job& job = news.job;
  // A final state ends a client's reading; it comes with the last piece.
  JobState state = is_final(job.state) && !news.ended ? JobState::kInProgress : job.state;
  // RunPod's Python client does not take CANCELLED for an end and would ask for
  // ever; this one it takes.
  if (news.told_cancelled) state = JobState::kTimedOut;
  JsonWriter json;
  json.begin_object().field("id", job.id).field("status", to_string(state));
  json.key("stream").begin_array();
  for (const std::string& chunk : news.chunks)
    json.begin_object().key("output").raw(chunk).end_object();
  json.end_array();
  if (!job.error.empty()) json.field("error", job.error).field("message", job.detail);
  return json.end_object().take();
}

}  // namespace

void handle_status(Services& services, const Exchange& exchange, const std::string& id, bool wait) {
  exchange->set_route(wait ? "status-sync" : "status");
  const std::int64_t wait_ms = wait ? exchange->query_number("wait", 90'000, 0, 300'000) : 0;
  const std::int64_t ttl_ms = exchange->query_number("ttl", 0, 0, kMostTtlMs);
  if (ttl_ms > 0 && with_storage(services, exchange, [&] {
        services.store.keep_for(id, ttl_ms);
        return false;
      }))
    return;
  services.waiters.add(id, wait_ms, [&services, exchange, id](bool must) {
    return with_storage(services, exchange, [&] {
      const auto job = services.store.find(id);
      if (job && !must && !is_final(job->state)) return false;
      if (!job)
        reply_unknown(exchange, id);
      else
        exchange->reply_json(200, status_json(*job, services.store.output(id)));
      return true;
    });
  });
}

void handle_stream(Services& services, const Exchange& exchange, const std::string& id) {
  exchange->set_route("stream");
  const std::int64_t wait =
      exchange->query_number("wait", services.config.stream_wait_ms, 0, kMostStreamWaitMs);
  services.waiters.add(id, wait, [&services, exchange, id](bool must) {
    return with_storage(services, exchange, [&] {
      const auto news = services.store.take_stream(id);
      if (news && !must && news->chunks.empty() && !news->ended) return false;
      if (!news)
        reply_unknown(exchange, id);
      else
        exchange->reply_json(200, stream_json(*news));
      return true;
    });
  });
}

void handle_cancel(Services& services, const Exchange& exchange, const std::string& id) {
  exchange->set_route("cancel");
  with_storage(services, exchange, [&] {
    if (!services.store.cancel(id)) return reply_unknown(exchange, id), true;
    services.pool.stop(id);
    services.waiters.news(id);
    const auto job = services.store.find(id);
    if (!job) return reply_unknown(exchange, id), true;
    exchange->reply_json(200, status_json(*job, ""));
    return true;
  });
}

void handle_retry(Services& services, const Exchange& exchange, const std::string& id) {
  exchange->set_route("retry");
  with_storage(services, exchange, [&] {
    const auto job = services.store.find(id);
    if (!job) return reply_unknown(exchange, id), true;
    if (!services.store.retry(id)) {
      exchange->reply_error(
          400, "Job cannot be retried",
          std::string("expected a job that FAILED or TIMED_OUT, got ") + to_string(job->state));
      return true;
    }
    services.pool.wake();
    JsonWriter json;
    json.begin_object().field("id", id).field("status", "IN_QUEUE").end_object();
    exchange->reply_json(200, json.take());
    return true;
  });
}

void handle_purge(Services& services, const Exchange& exchange) {
  exchange->set_route("purge-queue");
  with_storage(services, exchange, [&] {
    const std::int64_t removed = services.store.purge_queue();
    log(Level::kInfo, "queue purged of " + std::to_string(removed) + " jobs");
    JsonWriter json;
    json.begin_object().field("removed", removed).field("status", "completed").end_object();
    exchange->reply_json(200, json.take());
    return true;
  });
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Requests of clients about jobs they have.
#include "http/job_answers.h"
#include "http/server.h"
#include "log.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

// Shorter than what clients wait for an answer.
constexpr std::int64_t kMostStreamWaitMs = 9000;
// Most bytes of one answer of pieces.
constexpr std::int64_t kStreamBytes = 4 << 20;
constexpr std::int64_t kMostTtlMs = 7 * 24 * 3600 * 1000LL;

void reply_unknown(const Exchange& exchange, const std::string& id) {
  exchange->reply_error(404, "Job not found",
                        "no job " + id.substr(0, 100) + "; it never was, or it has expired");
}

void reply_status(Services& services, const Exchange& exchange, const Job& job) {
  // One that could not be sent elsewhere has FAILED, and is there all the same.
  const bool with_output = is_final(job.state) && job.output_bytes > 0;
  StatusJson json = status_json(job, with_output);
  if (!with_output) return exchange->reply_json(200, json.without_output());
  reply_with_output(services, exchange, job.id, std::move(json.head), std::move(json.tail));
}

void reply_stream(Services& services, const Exchange& exchange, const StreamNews& news) {
  const Job& job = news.job;
  // A final state ends a client's reading; it comes with the last piece.
  JobState state = is_final(job.state) && !news.ended ? JobState::kInProgress : job.state;
  // RunPod's Python client does not take CANCELLED for an end and would ask for
  // ever; this one it takes.
  if (news.told_cancelled) state = JobState::kTimedOut;
  JsonWriter json;
  json.begin_object().field("id", job.id).field("status", to_string(state));
  json.key("stream").begin_array();
  if (news.whole_output) {
    json.begin_object().key("output");
    return reply_with_output(services, exchange, job.id, json.take(), "}]}");
  }
  for (const std::string& chunk : news.chunks)
    json.begin_object().key("output").raw(chunk).end_object();
  json.end_array();
  if (!job.error.empty()) json.field("error", job.error).field("message", job.detail);
  exchange->reply_json(200, json.end_object().take());
}

// Makes `call` where the disk may be waited for, and then answers; what fails becomes an answer.
template <class Call, class Then>
void change_jobs(Services& services, const Exchange& exchange, Call call, Then then) {
  services.store.write(std::move(call), [&services, exchange, then = std::move(then)](auto& done) {
    guard(services, exchange, [&] {
      then(done.get());
      return true;
    });
  });
}

void status(Services& services, const Exchange& exchange, std::int64_t wait_ms) {
  const std::string id = exchange->parameter(0);
  const std::int64_t ttl_ms = exchange->query_number("ttl", 0, 0, kMostTtlMs);
  if (ttl_ms <= 0) return wait_for_end(services, exchange, id, wait_ms);
  change_jobs(
      services, exchange,
      [owner = exchange->owner(), id, ttl_ms](JobStore& store) {
        store.keep_for(owner, id, ttl_ms);
        return true;
      },
      [&services, exchange, id, wait_ms](bool) { wait_for_end(services, exchange, id, wait_ms); });
}

}  // namespace

void wait_for_end(Services& services, const Exchange& exchange, const std::string& id,
                  std::int64_t wait_ms) {
  services.waiters.add(id, wait_ms, [&services, exchange, id](bool must, Waiters::Done done) {
    services.store.read(
        [owner = exchange->owner(), id](JobStore& store) { return store.find(owner, id); },
        [&services, exchange, id, must, done](auto& answer) {
          done(guard(services, exchange, [&] {
            const std::optional<Job>& job = answer.get();
            if (job && !must && !is_final(job->state)) return false;
            if (job)
              reply_status(services, exchange, *job);
            else
              reply_unknown(exchange, id);
            return true;
          }));
        });
  });
}

void handle_status(Services& services, const Exchange& exchange) { status(services, exchange, 0); }

void handle_status_sync(Services& services, const Exchange& exchange) {
  status(services, exchange, exchange->query_number("wait", 90'000, 0, 300'000));
}

void handle_stream(Services& services, const Exchange& exchange) {
  const std::string id = exchange->parameter(0);
  const std::int64_t wait =
      exchange->query_number("wait", services.config.stream_wait_ms, 0, kMostStreamWaitMs);
  services.waiters.add(id, wait, [&services, exchange, id](bool must, Waiters::Done done) {
    // A piece that is taken counts as delivered: first there is to be room for it.
    if (!exchange->reserve_answer(kStreamBytes)) return done(true);
    services.store.write(
        [owner = exchange->owner(), id](JobStore& store) { return store.take_stream(owner, id); },
        [&services, exchange, id, must, done](auto& answer) {
          done(guard(services, exchange, [&] {
            const std::optional<StreamNews>& news = answer.get();
            if (news && !must && news->chunks.empty() && !news->ended) {
              exchange->release_answer();
              return false;
            }
            if (news)
              reply_stream(services, exchange, *news);
            else
              reply_unknown(exchange, id);
            return true;
          }));
        });
  });
}

void handle_cancel(Services& services, const Exchange& exchange) {
  const std::string id = exchange->parameter(0);
  change_jobs(
      services, exchange,
      [owner = exchange->owner(), id](JobStore& store) {
        return store.cancel(owner, id) ? store.find(owner, id) : std::nullopt;
      },
      [&services, exchange, id](const std::optional<Job>& job) {
        if (!job) return reply_unknown(exchange, id);
        services.pool.stop(id);
        services.waiters.news(id);
        exchange->reply_json(200, status_json(*job, false).without_output());
      });
}

void handle_retry(Services& services, const Exchange& exchange) {
  const std::string id = exchange->parameter(0);
  struct Retry {
    std::optional<Job> job;
    bool waits = false;
  };
  change_jobs(
      services, exchange,
      [owner = exchange->owner(), id](JobStore& store) {
        Retry retry{store.find(owner, id)};
        retry.waits = retry.job && store.retry(owner, id);
        return retry;
      },
      [&services, exchange, id](const Retry& retry) {
        if (!retry.job) return reply_unknown(exchange, id);
        if (!retry.waits)
          return exchange->reply_error(
              400, "Job cannot be retried",
              std::string("expected a job that FAILED or TIMED_OUT at work, and room in the queue, "
                          "got ") +
                  to_string(retry.job->state));
        services.pool.wake();
        JsonWriter json;
        json.begin_object().field("id", id).field("status", "IN_QUEUE").end_object();
        exchange->reply_json(200, json.take());
      });
}

void handle_purge(Services& services, const Exchange& exchange) {
  change_jobs(
      services, exchange,
      [owner = exchange->owner()](JobStore& store) { return store.purge_queue(owner); },
      [&services, exchange](const std::vector<std::string>& removed) {
        log(Level::kInfo, "queue purged of " + std::to_string(removed.size()) + " jobs");
        // Clients that wait for one of them hear that it is gone.
        for (const std::string& id : removed) services.waiters.news(id);
        JsonWriter json;
        json.begin_object()
            .field("removed", std::int64_t(removed.size()))
            .field("status", "completed")
            .end_object();
        exchange->reply_json(200, json.take());
      });
}

}  // namespace chatterbox::sidecar

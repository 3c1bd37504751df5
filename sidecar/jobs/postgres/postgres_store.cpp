// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/postgres/postgres_store.h"

#include <algorithm>

#include "jobs/postgres/pg_schema.h"
#include "log.h"

namespace chatterbox::sidecar {
namespace {

// Another name each time: what a server that ended has begun is not ours.
std::string new_server_name() { return new_job_id(false); }

JobCounts read_counts(const PgRows& rows, int row, int column) {
  JobCounts counts;
  for (std::int64_t* number :
       {&counts.kept, &counts.kept_bytes, &counts.queued, &counts.queued_bytes, &counts.running})
    *number = rows.integer(row, column++);
  return counts;
}

// Figures of everybody, and of the client $1.
constexpr const char* kRoom = R"sql(
SELECT coalesce(sum(kept), 0)::bigint, coalesce(sum(kept_bytes), 0)::bigint,
  coalesce(sum(queued), 0)::bigint, coalesce(sum(queued_bytes), 0)::bigint,
  coalesce(sum(running), 0)::bigint,
  coalesce(sum(kept) FILTER (WHERE client = $1), 0)::bigint,
  coalesce(sum(kept_bytes) FILTER (WHERE client = $1), 0)::bigint,
  coalesce(sum(queued) FILTER (WHERE client = $1), 0)::bigint,
  coalesce(sum(queued_bytes) FILTER (WHERE client = $1), 0)::bigint,
  coalesce(sum(running) FILTER (WHERE client = $1), 0)::bigint
FROM chatterbox.tallies)sql";

// After the last job of its client that waits, and not before those whose turn it is.
constexpr const char* kInsert = R"sql(
WITH turns AS (
  SELECT greatest($13::bigint,
    (SELECT max(turn) FROM chatterbox.jobs WHERE state = 0 AND client = $3::text),
    (SELECT turn - 1 FROM chatterbox.jobs WHERE state = 0 AND low_priority = 0 AND turn > 0
     ORDER BY turn LIMIT 1)) + 1 AS turn),
j AS (
  INSERT INTO chatterbox.jobs(id, state, client, turn, low_priority, sync, input_bytes,
    created_ms, started_ms, finished_ms, expires_ms, timeout_ms, seed, webhook, webhook_due_ms,
    error, detail, model, secret)
  SELECT $1::text, $2::bigint, $3::text, turn, $4::bigint, $5::bigint, $15::bigint, now_ms,
    CASE WHEN $2::bigint < 2 THEN 0 ELSE now_ms END,
    CASE WHEN $2::bigint < 2 THEN 0 ELSE now_ms END, now_ms + $7::bigint, $8::bigint, $9::bigint,
    $10::text, CASE WHEN $2::bigint < 2 OR $10::text = '' THEN 0 ELSE 1 END, $11::text, $12::text, $14::text,
    $16::bigint
  FROM turns, chatterbox.now_ms() AS now_ms ON CONFLICT (id) DO NOTHING RETURNING number),
body AS (
  INSERT INTO chatterbox.inputs(job, body, object)
  SELECT number, $6::bytea, $17::text FROM j WHERE $15::bigint > 0)
SELECT 1 FROM j)sql";

}  // namespace

PostgresJobStore::PostgresJobStore(const Options& options, const StoreLimits& limits,
                                   const Shares& shares)
    : server_(new_server_name()),
      limits_(limits),
      shares_(shares),
      lease_ms_(options.lease_ms),
      model_ms_(options.lease_ms * options.model_leases),
      pool_(options.address, options.connections),
      bulletin_(options.address),
      leases_(pool_, server_, options.workers, options.lease_ms),
      voices_(pool_, [this] { bulletin_.tell('v'); }) {
  PgConnection connection(options.address);
  prepare_pg_schema(connection);
  recount();
}

void PostgresJobStore::watch(StoreEvents events) {
  leases_.begin(events.lost);
  bulletin_.begin({[events](const std::string& message) {
                     const std::string id = message.empty() ? "" : message.substr(1);
                     if (message.starts_with("w")) events.work();
                     if (message.starts_with("n")) events.news(id);
                     if (message.starts_with("s")) events.stopped(id);
                     if (message.starts_with("v")) events.voices();
                   },
                   [events] {
                     events.work();
                     events.news("");
                     events.voices();
                   }});
}

bool PostgresJobStore::insert(const NewJob& job, JobState state, const std::string& error,
                              const std::string& detail) {
  const bool waits = state == JobState::kInQueue;
  const std::int64_t keep = job.sync ? limits_.sync_result_ms : limits_.result_ms;
  const std::lock_guard lock(room_mutex_);
  return pool_.with([&](PgConnection& connection) {
    const PgRows room = PgQuery(connection, kRoom).bind(job.owner).run();
    if (!has_room(limits_, shares_, read_counts(room, 0, 0), read_counts(room, 0, 5),
                  job.request_bytes(), waits))
      return false;
    std::optional<PgTransaction> together;
    if (!job.request_object.empty()) {
      together.emplace(connection);
      keep_pg_object(connection, job.request_object);
    }
    PgQuery(connection, kInsert)
        .bind(job.id)
        .bind(std::int64_t(state))
        .bind(job.owner)
        .bind(std::int64_t(job.low_priority))
        .bind(std::int64_t(job.sync))
        .bind_bytes(job.request)
        .bind(waits ? std::min(job.ttl_ms, limits_.most_ttl_ms) : keep)
        .bind(job.execution_timeout_ms)
        .bind(std::int64_t(job.seed))
        .bind(job.webhook)
        .bind(error)
        .bind(detail)
        .bind(turn_.load())
        .bind(job.model)
        .bind(job.request_bytes())
        .bind(std::int64_t(job.secret))
        .bind(job.request_object)
        .run();
    if (together) together->commit();
    return true;
  });
}

bool PostgresJobStore::add(const NewJob& job) {
  if (!insert(job, JobState::kInQueue, "", "")) return false;
  bulletin_.tell('w');
  return true;
}

bool PostgresJobStore::add_failed(const NewJob& job, const std::string& error,
                                  const std::string& detail) {
  NewJob reason = job;
  reason.request.clear();
  reason.request_object.clear();
  if (!insert(reason, JobState::kFailed, error, detail)) return false;
  count_end(job.owner, JobState::kFailed);
  return true;
}

void PostgresJobStore::keep_for(const std::string& owner, const std::string& id, std::int64_t ms) {
  pool_.with([&](PgConnection& connection) {
    PgQuery(connection,
            "UPDATE chatterbox.jobs SET expires_ms = chatterbox.now_ms() + $3 "
            "WHERE id = $1 AND client = $2")
        .bind(id)
        .bind(owner)
        .bind(std::min(ms, limits_.most_ttl_ms))
        .run();
    return true;
  });
}

std::string pg_job_end(const std::string& state, const std::string& error,
                       const std::string& detail, const std::string& result_ms,
                       const std::string& sync_result_ms) {
  return "state = " + state + ", error = " + error + ", detail = " + detail +
         ", finished_ms = chatterbox.now_ms(), lease_ms = 0, "
         "webhook_due_ms = CASE webhook WHEN '' THEN 0 ELSE 1 END, "
         "expires_ms = chatterbox.now_ms() + CASE sync WHEN 0 THEN " +
         result_ms + "::bigint ELSE " + sync_result_ms + "::bigint END";
}

bool PostgresJobStore::cancel(const std::string& owner, const std::string& id) {
  static const std::string sql = R"sql(
WITH known AS (
  SELECT number FROM chatterbox.jobs WHERE id = $1 AND client = $2 FOR UPDATE),
j AS (
  UPDATE chatterbox.jobs AS stopped SET )sql" +
                                 pg_job_end("4", "''", "''", "$3", "$4") + R"sql(
  FROM known WHERE stopped.number = known.number AND stopped.state < 2 RETURNING stopped.number),
used AS (
  DELETE FROM chatterbox.inputs i USING j WHERE i.job = j.number)
SELECT (SELECT count(*) FROM known), (SELECT count(*) FROM j))sql";
  const auto [known, ended] = pool_.with([&](PgConnection& connection) {
    const PgRows rows = PgQuery(connection, sql.c_str())
                            .bind(id)
                            .bind(owner)
                            .bind(limits_.result_ms)
                            .bind(limits_.sync_result_ms)
                            .run();
    return std::pair(rows.integer(0, 0) > 0, rows.integer(0, 1) > 0);
  });
  if (ended) {
    count_end(owner, JobState::kCancelled);
    bulletin_.tell('s', id);
  }
  return known;
}

bool PostgresJobStore::retry(const std::string& owner, const std::string& id) {
  // Another seed: what failed for one may succeed with the next. Another epoch: the start that
  // failed may still be at work, and must not be taken for the one that follows.
  const std::lock_guard lock(room_mutex_);
  const bool waits = pool_.with([&](PgConnection& connection) {
    const PgRows room = PgQuery(connection, kRoom).bind(owner).run();
    if (!has_room(limits_, shares_, read_counts(room, 0, 0), read_counts(room, 0, 5), 0, true))
      return false;
    return PgQuery(connection, R"sql(
WITH old AS (
  SELECT number FROM chatterbox.jobs j WHERE id = $1 AND client = $2 AND state IN (3, 5)
    AND EXISTS(SELECT 1 FROM chatterbox.inputs WHERE job = j.number) FOR UPDATE),
chunks AS (DELETE FROM chatterbox.chunks c USING old WHERE c.job = old.number),
outputs AS (DELETE FROM chatterbox.outputs o USING old WHERE o.job = old.number),
j AS (
  UPDATE chatterbox.jobs AS again SET state = 0, retries = retries + 1, seed = (seed + 1) % 4294967296,
    attempts = 0, epoch = epoch + 1, started_ms = 0, finished_ms = 0, error = '', detail = '',
    delivered = 0, webhook_tries = 0, webhook_due_ms = 0, output_bytes = 0,
    expires_ms = chatterbox.now_ms() + $3,
    turn = greatest($4::bigint, (SELECT turn FROM chatterbox.jobs WHERE state = 0 AND
      low_priority = 0 AND turn > 0 ORDER BY turn LIMIT 1)) + 1
  FROM old WHERE again.number = old.number RETURNING 1)
SELECT 1 FROM j)sql")
               .bind(id)
               .bind(owner)
               .bind(limits_.most_ttl_ms)
               .bind(turn_.load())
               .run()
               .count() > 0;
  });
  if (!waits) return false;
  bulletin_.tell('w');
  const std::lock_guard counts_lock(counts_mutex_);
  ++counts_.retried;
  ++of_owner_[owner].retried;
  return true;
}

std::vector<std::string> PostgresJobStore::purge_queue(const std::string& owner) {
  std::vector<std::string> removed = pool_.with([&](PgConnection& connection) {
    const PgRows rows =
        PgQuery(connection,
                "DELETE FROM chatterbox.jobs WHERE state = 0 AND client = $1 RETURNING id")
            .bind(owner)
            .run();
    std::vector<std::string> ids;
    for (int row = 0; row < rows.count(); ++row) ids.push_back(rows.text(row, 0));
    return ids;
  });
  // Clients that wait for one of them hear that it is gone, and the next question that nothing
  // waits.
  if (!removed.empty()) {
    bulletin_.tell('n');
    recount();
  }
  return removed;
}

void PostgresJobStore::count_end(const std::string& owner, JobState state) {
  const std::lock_guard lock(counts_mutex_);
  for (JobCounts* counts : {&counts_, &of_owner_[owner]}) {
    counts->completed += state == JobState::kCompleted;
    counts->failed += state == JobState::kFailed;
    counts->cancelled += state == JobState::kCancelled;
    counts->timed_out += state == JobState::kTimedOut;
  }
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of PostgresJobStore that time drives: leases that ran out, expiry, webhooks, counts.
#include "jobs/postgres/postgres_store.h"
#include "log.h"

namespace chatterbox::sidecar {
namespace {

constexpr int kWebhookTries = 3;
// Time that a job which is being read stays after it was last heard of; many rounds of upkeep.
constexpr std::int64_t kHoldMs = 3'000;
// Time limit of one try; then its server is taken for gone.
constexpr std::int64_t kWebhookLeaseMs = 60'000;

std::vector<std::string> ids(const PgRows& rows) {
  std::vector<std::string> found;
  for (int row = 0; row < rows.count(); ++row) found.push_back(rows.text(row, 0));
  return found;
}

}  // namespace

// Their workers are gone, or cannot reach the database. A job that keeps ending its servers does
// not go on for ever.
void PostgresJobStore::free_lost_leases() {
  static const std::string sql = R"sql(
WITH late AS (
  SELECT number, attempts >= $1 AS over FROM chatterbox.jobs
  WHERE state = 1 AND lease_ms <= chatterbox.now_ms() FOR UPDATE SKIP LOCKED),
ended AS (
  UPDATE chatterbox.jobs j SET epoch = epoch + 1, )sql" +
                                 pg_job_end("3", "'Interrupted'",
                                            "'the server ended during each of ' || attempts || "
                                            "' starts of this job'",
                                            "$2", "$3") +
                                 R"sql(
  FROM late WHERE j.number = late.number AND late.over RETURNING j.id, j.state, j.client),
again AS (
  UPDATE chatterbox.jobs j SET epoch = epoch + 1, lease_ms = 0, state = 0, turn = 0,
    started_ms = 0
  FROM late WHERE j.number = late.number AND NOT late.over RETURNING j.id, j.state, j.client)
SELECT * FROM ended UNION ALL SELECT * FROM again)sql";
  const PgRows lost = pool_.with([&](PgConnection& connection) {
    return PgQuery(connection, sql.c_str())
        .bind(limits_.attempts)
        .bind(limits_.result_ms)
        .bind(limits_.sync_result_ms)
        .run();
  });
  for (int row = 0; row < lost.count(); ++row) {
    const std::string id = lost.text(row, 0);
    const auto state = JobState(lost.integer(row, 1));
    log(Level::kWarning, "job " + id + ": its server was not heard of any more; " +
                             (is_final(state) ? "it has been begun too often" : "it waits again"));
    if (is_final(state)) count_end(lost.text(row, 2), state);
    if (is_final(state))
      bulletin_.tell('n', id);
    else
      bulletin_.tell('w');
  }
  const std::lock_guard lock(counts_mutex_);
  figures_.leases_lost += lost.count();
}

// Results that are being read here stay for a moment more; other servers look at the time alone.
void PostgresJobStore::keep_held() {
  std::vector<std::string> held;
  {
    const auto lock = held_.lock();
    held = held_.all();
  }
  if (held.empty()) return;
  remember_times(pool_.with([&](PgConnection& connection) {
    return PgQuery(connection, R"sql(
WITH held AS (
  SELECT number, expires_ms FROM chatterbox.jobs
  WHERE id = ANY($1) AND expires_ms < chatterbox.now_ms() + $2::bigint FOR UPDATE)
UPDATE chatterbox.jobs j SET expires_ms = chatterbox.now_ms() + $2::bigint
FROM held WHERE j.number = held.number RETURNING j.id, held.expires_ms, j.expires_ms)sql")
        .bind(held)
        .bind(kHoldMs)
        .run();
  }));
}

// Rows of id, the time when it was to end, and when it does now.
void PostgresJobStore::remember_times(const PgRows& rows) {
  const std::lock_guard lock(moved_mutex_);
  for (int row = 0; row < rows.count(); ++row) {
    const std::int64_t before = rows.integer(row, 1), now = rows.integer(row, 2);
    if (now <= before) continue;
    // The first time is its own; later ones were set here.
    const auto [at, added] = moved_.try_emplace(rows.text(row, 0), MovedTime{before, now});
    if (!added && at->second.now != before) at->second.own = before;
    at->second.now = now;
  }
}

// Results that nobody reads here any more end when they were to end: a client that asks again and
// again would keep them for ever. A time that another server has set since is left alone.
void PostgresJobStore::give_times_back() {
  std::map<std::string, MovedTime> over;
  {
    const auto held = held_.lock();
    const std::lock_guard lock(moved_mutex_);
    for (auto at = moved_.begin(); at != moved_.end();)
      if (held_.has(at->first))
        ++at;
      else
        over.insert(moved_.extract(at++));
  }
  for (const auto& moved : over)
    pool_.with([&](PgConnection& connection) {
      return PgQuery(connection,
                     "UPDATE chatterbox.jobs SET expires_ms = $2 WHERE id = $1 AND expires_ms = $3")
          .bind(moved.first)
          .bind(moved.second.own)
          .bind(moved.second.now)
          .run();
    });
}

// One statement, so that what it finds stays. Held before, so that no time is given back meanwhile.
bool PostgresJobStore::begin_reading(const std::string& id) {
  held_.add(id);
  try {
    const PgRows rows = pool_.with([&](PgConnection& connection) {
      return PgQuery(connection, R"sql(
WITH held AS (
  SELECT number, expires_ms FROM chatterbox.jobs WHERE id = $1 FOR UPDATE)
UPDATE chatterbox.jobs j
SET expires_ms = greatest(held.expires_ms, chatterbox.now_ms() + $2::bigint)
FROM held WHERE j.number = held.number RETURNING j.id, held.expires_ms, j.expires_ms)sql")
          .bind(id)
          .bind(kHoldMs)
          .run();
    });
    remember_times(rows);
    if (rows.count() > 0) return true;
  } catch (...) {
    held_.remove(id);
    throw;
  }
  held_.remove(id);
  return false;
}

std::vector<std::string> PostgresJobStore::expire() {
  give_times_back();
  keep_held();
  free_lost_leases();
  auto stopped = ids(pool_.with([&](PgConnection& connection) {
    return PgQuery(connection, R"sql(
WITH gone AS (
  DELETE FROM chatterbox.jobs WHERE number IN (
    SELECT number FROM chatterbox.jobs WHERE expires_ms <= chatterbox.now_ms()
    ORDER BY expires_ms LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING id, state)
SELECT id FROM gone WHERE state = 1)sql")
        .run();
  }));
  static const std::string sql = R"sql(
WITH late AS (
  SELECT number FROM chatterbox.jobs
  WHERE state = 1 AND started_ms + timeout_ms <= chatterbox.now_ms() FOR UPDATE SKIP LOCKED)
UPDATE chatterbox.jobs j SET )sql" +
                                 pg_job_end("5", "'Execution timeout'",
                                            "'expected the job to end within its "
                                            "executionTimeout, got longer'",
                                            "$1", "$2") +
                                 R"sql(
FROM late WHERE j.number = late.number RETURNING j.id, j.client)sql";
  const PgRows late = pool_.with([&](PgConnection& connection) {
    return PgQuery(connection, sql.c_str())
        .bind(limits_.result_ms)
        .bind(limits_.sync_result_ms)
        .run();
  });
  for (int row = 0; row < late.count(); ++row) {
    stopped.push_back(late.text(row, 0));
    count_end(late.text(row, 1), JobState::kTimedOut);
  }
  look_after_unserved();
  // They may run anywhere.
  for (const std::string& id : stopped) bulletin_.tell('s', id);
  recount();
  return stopped;
}

void PostgresJobStore::recount() {
  std::map<std::string, JobCounts> found;
  JobCounts all;
  QueueFigures figures;
  pool_.with([&](PgConnection& connection) {
    found.clear();
    all = {};
    const PgRows rows =
        PgQuery(connection,
                "SELECT client, sum(kept)::bigint, sum(kept_bytes)::bigint, sum(queued)::bigint, "
                "sum(queued_bytes)::bigint, sum(running)::bigint "
                "FROM chatterbox.tallies GROUP BY client")
            .run();
    for (int row = 0; row < rows.count(); ++row)
      for (JobCounts* counts : {&all, &found[rows.text(row, 0)]}) {
        counts->kept += rows.integer(row, 1);
        counts->kept_bytes += rows.integer(row, 2);
        counts->queued += rows.integer(row, 3);
        counts->queued_bytes += rows.integer(row, 4);
        counts->running += rows.integer(row, 5);
      }
    // Servers that end say nothing; those that live are heard of three times in a lease.
    const PgRows queue = PgQuery(connection, R"sql(
SELECT coalesce((SELECT chatterbox.now_ms() - created_ms FROM chatterbox.jobs WHERE state = 0
    ORDER BY number LIMIT 1), 0),
  coalesce((SELECT sum(workers) FROM chatterbox.servers
    WHERE seen_ms > chatterbox.now_ms() - $1), 0)::bigint)sql")
                             .bind(lease_ms_)
                             .run();
    figures.oldest_waiting_ms = queue.integer(0, 0);
    figures.workers = queue.integer(0, 1);
    return true;
  });
  const std::lock_guard lock(counts_mutex_);
  take_counts(counts_, of_owner_, all, found);
  figures_.oldest_waiting_ms = figures.oldest_waiting_ms;
  figures_.workers = figures.workers;
}

JobCounts PostgresJobStore::counts() {
  const std::lock_guard lock(counts_mutex_);
  return counts_;
}

JobCounts PostgresJobStore::counts(const std::string& owner) {
  const std::lock_guard lock(counts_mutex_);
  const auto found = of_owner_.find(owner);
  return found == of_owner_.end() ? JobCounts() : found->second;
}

QueueFigures PostgresJobStore::figures() {
  const std::lock_guard lock(counts_mutex_);
  return figures_;
}

std::vector<Job> PostgresJobStore::due_webhooks(const std::map<std::string, int>& in_the_air,
                                                int each) {
  std::vector<std::string> owners;
  std::vector<std::int64_t> room;
  {
    const std::lock_guard lock(counts_mutex_);
    for (const auto& [owner, counts] : of_owner_) {
      const auto busy = in_the_air.find(owner);
      owners.push_back(owner);
      room.push_back(std::max(0, each - (busy == in_the_air.end() ? 0 : busy->second)));
    }
  }
  if (owners.empty()) return {};
  // Should nobody tell how it went, it is due again.
  static const std::string sql = std::string(R"sql(
WITH due AS (
  SELECT one.number, owner.place FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY
      AS owner(client, room, place)
  CROSS JOIN LATERAL (
    SELECT number FROM chatterbox.jobs WHERE client = owner.client AND webhook_due_ms > 0 AND
      webhook_due_ms <= chatterbox.now_ms()
    ORDER BY webhook_due_ms LIMIT owner.room FOR UPDATE SKIP LOCKED) AS one),
j AS (
  UPDATE chatterbox.jobs AS sent SET webhook_due_ms = chatterbox.now_ms() + $3
  FROM due WHERE sent.number = due.number RETURNING sent.*, due.place)
SELECT )sql") + kPgJobColumns + " FROM j ORDER BY j.place, j.number";
  return pool_.with([&](PgConnection& connection) {
    const PgRows rows =
        PgQuery(connection, sql.c_str()).bind(owners).bind(room).bind(kWebhookLeaseMs).run();
    std::vector<Job> jobs;
    for (int row = 0; row < rows.count(); ++row) jobs.push_back(read_pg_job(rows, row));
    return jobs;
  });
}

void PostgresJobStore::webhook_sent(const std::string& id, bool delivered, std::int64_t retry_ms) {
  pool_.with([&](PgConnection& connection) {
    PgQuery(connection,
            "UPDATE chatterbox.jobs SET webhook_tries = webhook_tries + 1, webhook_due_ms = "
            "CASE WHEN $2::bigint <> 0 OR webhook_tries + 1 >= $3 THEN 0 "
            "ELSE chatterbox.now_ms() + $4 END WHERE id = $1")
        .bind(id)
        .bind(std::int64_t(delivered))
        .bind(kWebhookTries)
        .bind(retry_ms)
        .run();
    return true;
  });
}

}  // namespace chatterbox::sidecar

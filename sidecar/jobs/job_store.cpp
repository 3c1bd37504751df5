// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/job_store.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

namespace chatterbox::sidecar {
namespace {

constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS jobs(
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,
  client TEXT NOT NULL, turn INTEGER NOT NULL, low_priority INTEGER NOT NULL,
  sync INTEGER NOT NULL, input_bytes INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL DEFAULT 0,
  finished_ms INTEGER NOT NULL DEFAULT 0, expires_ms INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  retries INTEGER NOT NULL DEFAULT 0, seed INTEGER NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0,
  webhook TEXT NOT NULL, webhook_tries INTEGER NOT NULL DEFAULT 0,
  webhook_due_ms INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS jobs_queue ON jobs(low_priority, turn, number) WHERE state = 0;
CREATE INDEX IF NOT EXISTS jobs_running ON jobs(number) WHERE state = 1;
CREATE INDEX IF NOT EXISTS jobs_client ON jobs(client, turn) WHERE state = 0;
CREATE INDEX IF NOT EXISTS jobs_expiry ON jobs(expires_ms);
CREATE INDEX IF NOT EXISTS jobs_webhook ON jobs(webhook_due_ms) WHERE webhook_due_ms > 0;
CREATE TABLE IF NOT EXISTS inputs(id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outputs(id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chunks(id TEXT NOT NULL, number INTEGER NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY(id, number));
CREATE TRIGGER IF NOT EXISTS jobs_gone AFTER DELETE ON jobs BEGIN
  DELETE FROM inputs WHERE id = old.id;
  DELETE FROM outputs WHERE id = old.id;
  DELETE FROM chunks WHERE id = old.id;
END;
)sql";

constexpr const char* kColumns =
    "id, state, sync, created_ms, started_ms, finished_ms, attempts, retries, seed, webhook, "
    "webhook_tries, error, detail";

Job read_job(const Query& row) {
  Job job;
  job.id = row.text(0);
  job.state = JobState(row.integer(1));
  job.sync = row.integer(2) != 0;
  job.created_ms = row.integer(3);
  job.started_ms = row.integer(4);
  job.finished_ms = row.integer(5);
  job.attempts = int(row.integer(6));
  job.retries = int(row.integer(7));
  job.seed = std::uint32_t(row.integer(8));
  job.webhook = row.text(9);
  job.webhook_tries = int(row.integer(10));
  job.error = row.text(11);
  job.detail = row.text(12);
  return job;
}

std::string find_output(Database& database, const std::string& id) {
  Query query(database, "SELECT body FROM outputs WHERE id = ?");
  query.bind(id);
  return query.next() ? query.text(0) : "";
}

// Most of one /stream answer; the rest comes with the next.
constexpr std::size_t kStreamAnswerBytes = 8 << 20;
// Room that is kept free, or an eighth of a smaller disk. New jobs leave twice as
// much, for the results of those that are there.
constexpr std::int64_t kReserveBytes = 16 << 20;

}  // namespace

std::optional<Job> find_job(Database& database, const std::string& id) {
  const std::string sql = std::string("SELECT ") + kColumns + " FROM jobs WHERE id = ?";
  Query query(database, sql.c_str());
  query.bind(id);
  if (!query.next()) return std::nullopt;
  return read_job(query);
}

JobStore::JobStore(const std::string& path, const StoreLimits& limits)
    : path_(path),
      limits_(limits),
      database_(path, limits.power_safe),
      checkpoint_database_(path, limits.power_safe) {
  // Only checkpoint() waits for the disk.
  database_.execute("PRAGMA wal_autocheckpoint=0");
  database_.execute(kSchema);
  recover();
}

void JobStore::need_room(std::size_t bytes, int reserves) {
  const auto missing = [&] {
    struct statvfs disk {};
    if (statvfs(path_.c_str(), &disk) != 0) return std::int64_t(0);
    const auto size = std::int64_t(disk.f_blocks * disk.f_frsize);
    // Everything is written twice: to the log, and from there to its place.
    struct stat log {};
    const std::int64_t logged = stat((path_ + "-wal").c_str(), &log) == 0 ? log.st_size : 0;
    return 2 * std::int64_t(bytes) + logged + reserves * std::min(kReserveBytes, size / 8) -
           std::int64_t(disk.f_bavail * disk.f_frsize);
  };
  if (missing() <= 0) return;
  give_back();
  if (const std::int64_t more = missing(); more > 0)
    throw StorageError("the disk is full: expected " + std::to_string(more) +
                       " more bytes of room than there are");
}

// The log keeps its size when all of it has been put in place, and the database
// keeps the pages of what was deleted. On a full disk both are needed elsewhere.
void JobStore::give_back() {
  const std::lock_guard lock(checkpoint_mutex_);
  for (const char* step : {"PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA incremental_vacuum",
                           "PRAGMA wal_checkpoint(TRUNCATE)"})
    // Whatever fails here is told by the room that is missing after it.
    sqlite3_exec(database_.handle(), step, nullptr, nullptr, nullptr);
}

// What ran when the last process ended begins again, unless it keeps ending us.
void JobStore::recover() {
  Transaction transaction(database_);
  Query(database_,
        "UPDATE jobs SET state = 3, finished_ms = ?, expires_ms = ? + "
        "CASE sync WHEN 1 THEN ? ELSE ? END, error = 'Interrupted', "
        "detail = 'the server ended during each of ' || attempts || ' starts of this job', "
        "webhook_due_ms = CASE webhook WHEN '' THEN 0 ELSE 1 END "
        "WHERE state = 1 AND attempts >= ?")
      .bind(now_ms())
      .bind(now_ms())
      .bind(limits_.sync_result_ms)
      .bind(limits_.result_ms)
      .bind(limits_.attempts)
      .run();
  Query(database_, "UPDATE jobs SET state = 0, turn = 0, started_ms = 0 WHERE state = 1").run();
  transaction.commit();
  count_queue();
}

void JobStore::count_queue() {
  Query query(database_, "SELECT COUNT(*), IFNULL(SUM(input_bytes), 0) FROM jobs WHERE state = 0");
  query.next();
  counts_.queued = query.integer(0);
  counts_.queued_bytes = query.integer(1);
  Query running(database_, "SELECT COUNT(*) FROM jobs WHERE state = 1");
  running.next();
  counts_.running = running.integer(0);
}

void JobStore::insert(const NewJob& job, JobState state, const std::string& error,
                      const std::string& detail) {
  Transaction transaction(database_);
  std::int64_t turn = turn_;
  {
    Query last(database_, "SELECT MAX(turn) FROM jobs WHERE state = 0 AND client = ?");
    last.bind(job.client);
    if (last.next()) turn = std::max(turn, last.integer(0));
  }
  const std::int64_t now = now_ms();
  const bool ended = is_final(state);
  const std::int64_t keep = job.sync ? limits_.sync_result_ms : limits_.result_ms;
  Query(database_,
        "INSERT INTO jobs(id, state, client, turn, low_priority, sync, input_bytes, created_ms, "
        "started_ms, finished_ms, expires_ms, timeout_ms, seed, webhook, webhook_due_ms, error, "
        "detail) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .bind(job.id)
      .bind(std::int64_t(state))
      .bind(job.client)
      .bind(turn + 1)
      .bind(std::int64_t(job.low_priority))
      .bind(std::int64_t(job.sync))
      .bind(std::int64_t(job.request.size()))
      .bind(now)
      .bind(ended ? now : 0)
      .bind(ended ? now : 0)
      .bind(now + (ended ? keep : job.ttl_ms))
      .bind(job.execution_timeout_ms)
      .bind(std::int64_t(job.seed))
      .bind(job.webhook)
      .bind(std::int64_t(ended && !job.webhook.empty()))
      .bind(error)
      .bind(detail)
      .run();
  Query(database_, "INSERT INTO inputs(id, body) VALUES(?,?)").bind(job.id).bind(job.request).run();
  transaction.commit();
}

bool JobStore::add(const NewJob& job) {
  const std::lock_guard lock(mutex_);
  const auto bytes = std::int64_t(job.request.size());
  if (counts_.queued >= limits_.queued || counts_.queued_bytes + bytes > limits_.queued_bytes)
    return false;
  need_room(job.request.size(), 2);
  insert(job, JobState::kInQueue, "", "");
  ++counts_.queued;
  counts_.queued_bytes += bytes;
  return true;
}

void JobStore::add_failed(const NewJob& job, const std::string& error, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  need_room(job.request.size(), 2);
  insert(job, JobState::kFailed, error, detail);
  ++counts_.failed;
}

std::optional<Job> JobStore::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return find_job(database_, id);
}

void JobStore::keep_for(const std::string& id, std::int64_t ms) {
  const std::lock_guard lock(mutex_);
  Query(database_, "UPDATE jobs SET expires_ms = ? WHERE id = ?")
      .bind(now_ms() + ms)
      .bind(id)
      .run();
}

std::string JobStore::output(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return find_output(database_, id);
}

std::optional<Claim> JobStore::claim() {
  const std::lock_guard lock(mutex_);
  if (counts_.queued == 0) return std::nullopt;
  Transaction transaction(database_);
  Claim claim;
  std::int64_t turn = 0;
  {
    Query next(database_,
               "SELECT jobs.id, turn, body FROM jobs JOIN inputs USING(id) WHERE state = 0 "
               "ORDER BY low_priority, turn, number LIMIT 1");
    if (!next.next()) {
      count_queue();
      return std::nullopt;
    }
    claim.job.id = next.text(0);
    turn = next.integer(1);
    claim.request = next.text(2);
  }
  Query(database_,
        "UPDATE jobs SET state = 1, attempts = attempts + 1, started_ms = ? WHERE id = ?")
      .bind(now_ms())
      .bind(claim.job.id)
      .run();
  claim.job = *find_job(database_, claim.job.id);
  transaction.commit();
  turn_ = std::max(turn_, turn);
  --counts_.queued;
  counts_.queued_bytes -= std::int64_t(claim.request.size());
  ++counts_.running;
  return claim;
}

void JobStore::add_chunk(const std::string& id, int number, std::string_view json) {
  const std::lock_guard lock(mutex_);
  need_room(json.size(), 1);
  Query(database_,
        "INSERT OR REPLACE INTO chunks(id, number, body) SELECT ?, ?, ? "
        "WHERE EXISTS(SELECT 1 FROM jobs WHERE id = ?)")
      .bind(id)
      .bind(std::int64_t(number))
      .bind(json)
      .bind(id)
      .run();
}

bool JobStore::finish(const std::string& id, int attempt, JobState state, std::string_view output,
                      const std::string& error, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  if (!output.empty()) need_room(output.size(), 1);
  Transaction transaction(database_);
  const std::int64_t now = now_ms();
  Query(database_,
        "UPDATE jobs SET state = ?, finished_ms = ?, error = ?, detail = ?, expires_ms = ? + "
        "CASE sync WHEN 1 THEN ? ELSE ? END, "
        "webhook_due_ms = CASE webhook WHEN '' THEN 0 ELSE 1 END "
        "WHERE id = ? AND state = 1 AND attempts = ?")
      .bind(std::int64_t(state))
      .bind(now)
      .bind(error)
      .bind(detail)
      .bind(now)
      .bind(limits_.sync_result_ms)
      .bind(limits_.result_ms)
      .bind(id)
      .bind(std::int64_t(attempt))
      .run();
  if (database_.changes() == 0) return false;
  if (!output.empty())
    Query(database_, "INSERT OR REPLACE INTO outputs(id, body) VALUES(?,?)")
        .bind(id)
        .bind(output)
        .run();
  if (state == JobState::kCompleted)
    Query(database_, "DELETE FROM inputs WHERE id = ?").bind(id).run();
  transaction.commit();
  --counts_.running;
  if (state == JobState::kCompleted) ++counts_.completed;
  if (state == JobState::kFailed) ++counts_.failed;
  return true;
}

void JobStore::put_back(const std::string& id, int attempt) {
  const std::lock_guard lock(mutex_);
  Query(database_,
        "UPDATE jobs SET state = 0, turn = 0, started_ms = 0, attempts = attempts - 1 "
        "WHERE id = ? AND state = 1 AND attempts = ?")
      .bind(id)
      .bind(std::int64_t(attempt))
      .run();
  count_queue();
}

bool JobStore::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto job = find_job(database_, id);
  if (!job) return false;
  if (is_final(job->state)) return true;
  const std::int64_t now = now_ms();
  Transaction transaction(database_);
  Query(database_,
        "UPDATE jobs SET state = 4, finished_ms = ?, expires_ms = ?, "
        "webhook_due_ms = CASE webhook WHEN '' THEN 0 ELSE 1 END WHERE id = ?")
      .bind(now)
      .bind(now + (job->sync ? limits_.sync_result_ms : limits_.result_ms))
      .bind(id)
      .run();
  Query(database_, "DELETE FROM inputs WHERE id = ?").bind(id).run();
  transaction.commit();
  ++counts_.cancelled;
  count_queue();
  return true;
}

bool JobStore::retry(const std::string& id) {
  const std::lock_guard lock(mutex_);
  Transaction transaction(database_);
  // Another seed: what failed for one may succeed with the next.
  Query(database_,
        "UPDATE jobs SET state = 0, turn = ?, retries = retries + 1, seed = seed + 1, "
        "attempts = 0, started_ms = 0, finished_ms = 0, error = '', detail = '', delivered = 0, "
        "webhook_tries = 0, webhook_due_ms = 0, expires_ms = ? "
        "WHERE id = ? AND state IN (3, 5) AND EXISTS(SELECT 1 FROM inputs WHERE id = jobs.id)")
      .bind(turn_ + 1)
      .bind(now_ms() + 86'400'000)
      .bind(id)
      .run();
  if (database_.changes() == 0) return false;
  Query(database_, "DELETE FROM chunks WHERE id = ?").bind(id).run();
  Query(database_, "DELETE FROM outputs WHERE id = ?").bind(id).run();
  transaction.commit();
  ++counts_.retried;
  count_queue();
  return true;
}

std::int64_t JobStore::purge_queue() {
  const std::lock_guard lock(mutex_);
  Query(database_, "DELETE FROM jobs WHERE state = 0").run();
  const std::int64_t removed = database_.changes();
  count_queue();
  return removed;
}

std::optional<StreamNews> JobStore::take_stream(const std::string& id) {
  const std::lock_guard lock(mutex_);
  StreamNews news;
  const auto job = find_job(database_, id);
  if (!job) return std::nullopt;
  news.job = *job;
  std::int64_t delivered = 0, made = 0;
  {
    Query query(database_,
                "SELECT delivered, (SELECT COUNT(*) FROM chunks WHERE id = jobs.id) "
                "FROM jobs WHERE id = ?");
    query.bind(id);
    query.next();
    delivered = query.integer(0);
    made = query.integer(1);
  }
  const std::int64_t before = delivered;
  if (made == 0 && delivered == 0 && job->state == JobState::kCompleted) {
    news.chunks.push_back(find_output(database_, id));
    delivered = made = 1;
  } else if (made > delivered) {
    Query query(database_, "SELECT body FROM chunks WHERE id = ? AND number >= ? ORDER BY number");
    query.bind(id).bind(delivered);
    std::size_t bytes = 0;
    while (bytes < kStreamAnswerBytes && query.next()) {
      news.chunks.push_back(query.text(0));
      bytes += news.chunks.back().size();
      ++delivered;
    }
  }
  news.ended = is_final(job->state) && delivered >= made;
  if (news.ended && job->state == JobState::kCancelled) {
    // One more than there are: the end has been delivered too.
    news.told_cancelled = delivered > made;
    delivered = made + 1;
  }
  if (delivered != before)
    Query(database_, "UPDATE jobs SET delivered = ? WHERE id = ?").bind(delivered).bind(id).run();
  return news;
}

JobCounts JobStore::counts() {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace chatterbox::sidecar

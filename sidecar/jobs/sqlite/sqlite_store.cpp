// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/sqlite/sqlite_store.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

namespace chatterbox::sidecar {
namespace {

constexpr const char* kColumns =
    "id, state, sync, created_ms, started_ms, finished_ms, attempts, retries, seed, webhook, "
    "webhook_tries, error, detail, client, epoch, input_bytes, model, output_bytes";

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
  job.owner = row.text(13);
  job.epoch = row.integer(14);
  job.input_bytes = row.integer(15);
  job.model = row.text(16);
  job.output_bytes = row.integer(17);
  return job;
}

// Room that is kept free, or an eighth of a smaller disk. New jobs leave twice as
// much, for the results of those that are there.
constexpr std::int64_t kReserveBytes = 16 << 20;

}  // namespace

std::optional<Job> find_job(Database& database, const std::string& owner, const std::string& id) {
  const std::string sql = std::string("SELECT ") + kColumns + " FROM jobs WHERE id = ?";
  Query query(database, sql.c_str());
  query.bind(id);
  if (!query.next()) return std::nullopt;
  Job job = read_job(query);
  if (!owner.empty() && job.owner != owner) return std::nullopt;
  return job;
}

SqliteJobStore::SqliteJobStore(const std::string& path, const StoreLimits& limits,
                               const Shares& shares)
    : path_(path),
      limits_(limits),
      shares_(shares),
      database_(path, limits.power_safe),
      reader_(path, limits.power_safe),
      checkpoint_database_(path, limits.power_safe) {
  // Only checkpoint() waits for the disk.
  database_.execute("PRAGMA wal_autocheckpoint=0");
  prepare_schema();
  recover();
}

void SqliteJobStore::need_room(std::size_t bytes, int reserves) {
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
void SqliteJobStore::give_back() {
  const std::lock_guard lock(checkpoint_mutex_);
  for (const char* step : {"PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA incremental_vacuum",
                           "PRAGMA wal_checkpoint(TRUNCATE)"})
    // Whatever fails here is told by the room that is missing after it.
    sqlite3_exec(database_.handle(), step, nullptr, nullptr, nullptr);
}

void SqliteJobStore::recount() {
  std::map<std::string, JobCounts> found;
  JobCounts all;
  Query query(database_,
              "SELECT client, COUNT(*), SUM(input_bytes + output_bytes), SUM(state = 0), "
              "SUM(CASE state WHEN 0 THEN input_bytes ELSE 0 END), SUM(state = 1) "
              "FROM jobs GROUP BY client");
  while (query.next())
    for (JobCounts* counts : {&all, &found[query.text(0)]}) {
      counts->kept += query.integer(1);
      counts->kept_bytes += query.integer(2);
      counts->queued += query.integer(3);
      counts->queued_bytes += query.integer(4);
      counts->running += query.integer(5);
    }
  const std::lock_guard lock(counts_mutex_);
  take_counts(counts_, of_owner_, all, found);
}

bool SqliteJobStore::room_for(const std::string& owner, std::int64_t bytes, bool waits) const {
  const auto found = of_owner_.find(owner);
  return has_room(limits_, shares_, counts_, found == of_owner_.end() ? JobCounts() : found->second,
                  bytes, waits);
}

void SqliteJobStore::insert(const NewJob& job, JobState state, const std::string& error,
                            const std::string& detail) {
  Transaction transaction(database_);
  std::int64_t turn = turn_;
  {
    Query last(database_, "SELECT MAX(turn) FROM jobs WHERE state = 0 AND client = ?");
    last.bind(job.owner);
    if (last.next()) turn = std::max(turn, last.integer(0));
  }
  const std::int64_t now = now_ms();
  const bool ended = is_final(state);
  const std::int64_t keep = job.sync ? limits_.sync_result_ms : limits_.result_ms;
  Query(database_,
        "INSERT INTO jobs(id, state, client, turn, low_priority, sync, input_bytes, created_ms, "
        "started_ms, finished_ms, expires_ms, timeout_ms, seed, webhook, webhook_due_ms, error, "
        "detail, model, secret) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .bind(job.id)
      .bind(std::int64_t(state))
      .bind(job.owner)
      .bind(turn + 1)
      .bind(std::int64_t(job.low_priority))
      .bind(std::int64_t(job.sync))
      .bind(job.request_bytes())
      .bind(now)
      .bind(ended ? now : 0)
      .bind(ended ? now : 0)
      .bind(now + (ended ? keep : std::min(job.ttl_ms, limits_.most_ttl_ms)))
      .bind(job.execution_timeout_ms)
      .bind(std::int64_t(job.seed))
      .bind(job.webhook)
      .bind(std::int64_t(ended && !job.webhook.empty()))
      .bind(error)
      .bind(detail)
      .bind(job.model)
      .bind(std::int64_t(job.secret))
      .run();
  if (!job.request_object.empty()) keep_object(job.request_object);
  if (job.request_bytes() > 0)
    Query(database_, "INSERT INTO inputs(id, body, object) VALUES(?,?,?)")
        .bind(job.id)
        .bind(job.request)
        .bind(job.request_object)
        .run();
  transaction.commit();
  count(job.owner, [&](JobCounts& counts) {
    ++counts.kept;
    counts.kept_bytes += job.request_bytes();
    if (state != JobState::kInQueue) return;
    ++counts.queued;
    counts.queued_bytes += job.request_bytes();
  });
}

bool SqliteJobStore::add(const NewJob& job) {
  const std::lock_guard lock(mutex_);
  if (!room_for(job.owner, job.request_bytes(), true)) return false;
  need_room(job.request.size(), 2);
  insert(job, JobState::kInQueue, "", "");
  return true;
}

bool SqliteJobStore::add_failed(const NewJob& job, const std::string& error,
                                const std::string& detail) {
  const std::lock_guard lock(mutex_);
  NewJob reason = job;
  reason.request.clear();
  reason.request_object.clear();
  if (!room_for(job.owner, 0, false)) return false;
  need_room(1024, 2);
  insert(reason, JobState::kFailed, error, detail);
  count(job.owner, [](JobCounts& counts) { ++counts.failed; });
  return true;
}

void SqliteJobStore::keep_for(const std::string& owner, const std::string& id, std::int64_t ms) {
  const std::lock_guard lock(mutex_);
  Query(database_, "UPDATE jobs SET expires_ms = ? WHERE id = ? AND client = ?")
      .bind(now_ms() + std::min(ms, limits_.most_ttl_ms))
      .bind(id)
      .bind(owner)
      .run();
}

bool SqliteJobStore::end(const Job& job, JobState state, const std::string& error,
                         const std::string& detail, std::optional<std::int64_t> epoch) {
  const std::int64_t now = now_ms();
  Query(database_,
        "UPDATE jobs SET state = ?, finished_ms = ?, error = ?, detail = ?, expires_ms = ?, "
        "webhook_due_ms = CASE webhook WHEN '' THEN 0 ELSE 1 END "
        "WHERE id = ? AND state < 2 AND epoch = ?")
      .bind(std::int64_t(state))
      .bind(now)
      .bind(error)
      .bind(detail)
      .bind(now + (job.sync ? limits_.sync_result_ms : limits_.result_ms))
      .bind(job.id)
      .bind(epoch.value_or(job.epoch))
      .run();
  if (database_.changes() == 0) return false;
  // Only what may be tried again keeps its request.
  if (state == JobState::kCompleted || state == JobState::kCancelled)
    Query(database_, "DELETE FROM inputs WHERE id = ?").bind(job.id).run();
  count(job.owner, [&](JobCounts& counts) {
    counts.completed += state == JobState::kCompleted;
    counts.failed += state == JobState::kFailed;
    counts.cancelled += state == JobState::kCancelled;
    counts.timed_out += state == JobState::kTimedOut;
  });
  return true;
}

bool SqliteJobStore::cancel(const std::string& owner, const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto job = find_job(database_, owner, id);
  if (!job) return false;
  if (is_final(job->state)) return true;
  Transaction transaction(database_);
  end(*job, JobState::kCancelled, "", "", std::nullopt);
  transaction.commit();
  count(owner, [&](JobCounts& counts) {
    if (job->state == JobState::kInProgress) --counts.running;
    if (job->state != JobState::kInQueue) return;
    --counts.queued;
    counts.queued_bytes -= job->input_bytes;
  });
  return true;
}

bool SqliteJobStore::retry(const std::string& owner, const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto job = find_job(database_, owner, id);
  if (!job || !room_for(owner, 0, true)) return false;
  Transaction transaction(database_);
  // Another seed: what failed for one may succeed with the next. Another epoch: the start that
  // failed may still be at work, and must not be taken for the one that follows.
  Query(
      database_,
      "UPDATE jobs SET state = 0, turn = ?, retries = retries + 1, seed = seed + 1, "
      "attempts = 0, epoch = epoch + 1, started_ms = 0, finished_ms = 0, error = '', detail = '', "
      "delivered = 0, "
      "webhook_tries = 0, webhook_due_ms = 0, output_bytes = 0, expires_ms = ? "
      "WHERE id = ? AND client = ? AND state IN (3, 5) "
      "AND EXISTS(SELECT 1 FROM inputs WHERE id = jobs.id)")
      .bind(turn_ + 1)
      .bind(now_ms() + limits_.most_ttl_ms)
      .bind(id)
      .bind(owner)
      .run();
  if (database_.changes() == 0) return false;
  Query(database_, "DELETE FROM chunks WHERE id = ?").bind(id).run();
  Query(database_, "DELETE FROM outputs WHERE id = ?").bind(id).run();
  transaction.commit();
  count(owner, [&](JobCounts& counts) {
    ++counts.retried;
    ++counts.queued;
    counts.queued_bytes += job->input_bytes;
  });
  return true;
}

std::vector<std::string> SqliteJobStore::purge_queue(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> removed;
  {
    Query query(database_, "SELECT id FROM jobs WHERE state = 0 AND client = ?");
    query.bind(owner);
    while (query.next()) removed.push_back(query.text(0));
  }
  if (removed.empty()) return removed;
  Query(database_, "DELETE FROM jobs WHERE state = 0 AND client = ?").bind(owner).run();
  recount();
  return removed;
}

}  // namespace chatterbox::sidecar

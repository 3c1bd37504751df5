// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of SqliteJobStore that time drives: expiry, webhooks, checkpoints.
#include "jobs/sqlite/sqlite_store.h"

namespace chatterbox::sidecar {
namespace {

// Rows deleted and pages given back to the file system per round have limits:
// all at once would keep requests waiting.
constexpr const char* kVacuum = "PRAGMA incremental_vacuum(256)";
constexpr std::size_t kMostGone = 32;
constexpr int kWebhookTries = 3;
// Time limit of one try; then its server is taken for gone.
constexpr std::int64_t kWebhookLeaseMs = 60'000;
// The same for the removal of an object.
constexpr std::int64_t kRemovalMs = 60'000;

std::vector<std::string> ids(Database& database, const char* sql, std::int64_t now) {
  std::vector<std::string> found;
  Query query(database, sql);
  query.bind(now);
  while (query.next()) found.push_back(query.text(0));
  return found;
}

}  // namespace

std::vector<std::string> SqliteJobStore::expire() {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = now_ms();
  {
    // Looks at the few jobs that wait, not at all that are kept.
    Query oldest(database_, "SELECT created_ms FROM jobs WHERE state = 0 ORDER BY +number LIMIT 1");
    oldest_waiting_ms_ = oldest.next() ? now - oldest.integer(0) : 0;
  }
  auto stopped = ids(database_, "SELECT id FROM jobs WHERE state = 1 AND expires_ms <= ?", now);
  const auto late =
      ids(database_, "SELECT id FROM jobs WHERE state = 1 AND started_ms + timeout_ms <= ?", now);
  // Held until it is done: nobody begins to read what is being deleted.
  const auto held = held_.lock();
  std::vector<std::string> gone;
  {
    Query over(database_, "SELECT id FROM jobs WHERE expires_ms <= ?");
    over.bind(now);
    while (gone.size() < kMostGone && over.next())
      if (!held_.has(over.text(0))) gone.push_back(over.text(0));
  }
  if (gone.empty() && late.empty()) return stopped;

  Transaction transaction(database_);
  for (const std::string& id : gone)
    Query(database_, "DELETE FROM jobs WHERE id = ?").bind(id).run();
  for (const std::string& id : late) {
    const auto job = find_job(database_, "", id);
    if (!job) continue;
    end(*job, JobState::kTimedOut, "Execution timeout",
        "expected the job to end within its executionTimeout, got longer", std::nullopt);
    stopped.push_back(id);
  }
  transaction.commit();
  recount();
  database_.execute(kVacuum);
  return stopped;
}

std::vector<Job> SqliteJobStore::due_webhooks(const std::map<std::string, int>& in_the_air,
                                              int each) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = now_ms();
  std::vector<Job> jobs;
  for (const auto& [owner, counts] : of_owner_) {
    const auto busy = in_the_air.find(owner);
    const int room = each - (busy == in_the_air.end() ? 0 : busy->second);
    if (room <= 0) continue;
    std::vector<std::string> due;
    Query query(database_,
                "SELECT id FROM jobs WHERE client = ? AND webhook_due_ms > 0 AND "
                "webhook_due_ms <= ? ORDER BY webhook_due_ms LIMIT ?");
    query.bind(owner).bind(now).bind(room);
    while (query.next()) due.push_back(query.text(0));
    for (const std::string& id : due) {
      // Should nobody tell how it went, it is due again.
      Query(database_, "UPDATE jobs SET webhook_due_ms = ? WHERE id = ?")
          .bind(now + kWebhookLeaseMs)
          .bind(id)
          .run();
      if (auto job = find_job(database_, "", id)) jobs.push_back(std::move(*job));
    }
  }
  return jobs;
}

void SqliteJobStore::webhook_sent(const std::string& id, bool delivered, std::int64_t retry_ms) {
  const std::lock_guard lock(mutex_);
  Query(database_,
        "UPDATE jobs SET webhook_tries = webhook_tries + 1, webhook_due_ms = "
        "CASE WHEN ? OR webhook_tries + 1 >= ? THEN 0 ELSE ? END WHERE id = ?")
      .bind(std::int64_t(delivered))
      .bind(kWebhookTries)
      .bind(now_ms() + retry_ms)
      .bind(id)
      .run();
}

void SqliteJobStore::begin_object(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Query(database_, "INSERT INTO objects(name, due_ms) VALUES(?,?)")
      .bind(name)
      .bind(now_ms() + kObjectTrialMs)
      .run();
}

void SqliteJobStore::drop_object(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Query(database_, "UPDATE objects SET due_ms = 1, gone = 1 WHERE name = ? AND due_ms > 0")
      .bind(name)
      .run();
}

void SqliteJobStore::keep_object(const std::string& name) {
  Query(database_, "UPDATE objects SET due_ms = 0 WHERE name = ? AND gone = 0").bind(name).run();
  if (database_.changes() == 0)
    throw StorageError("expected object " + name + " to be kept until it is named, got none");
}

std::optional<ObjectOfJob> SqliteJobStore::output_object(const std::string& id) {
  const std::lock_guard lock(reader_mutex_);
  Query query(reader_,
              "SELECT object, output_bytes FROM outputs JOIN jobs USING(id) "
              "WHERE outputs.id = ? AND object <> ''");
  query.bind(id);
  if (!query.next()) return std::nullopt;
  return ObjectOfJob{query.text(0), query.integer(1)};
}

std::vector<std::string> SqliteJobStore::due_objects() {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = now_ms();
  std::vector<std::string> due = ids(
      database_,
      "SELECT name FROM objects WHERE due_ms > 0 AND due_ms <= ? ORDER BY due_ms LIMIT 32", now);
  for (const std::string& name : due)
    Query(database_, "UPDATE objects SET due_ms = ?, gone = 1 WHERE name = ?")
        .bind(now + kRemovalMs)
        .bind(name)
        .run();
  return due;
}

void SqliteJobStore::object_removed(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Query(database_, "DELETE FROM objects WHERE name = ? AND gone = 1").bind(name).run();
}

void SqliteJobStore::checkpoint() {
  const std::lock_guard lock(checkpoint_mutex_);
  // Busy is no failure: the next round takes what this one leaves.
  sqlite3_wal_checkpoint_v2(checkpoint_database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                            nullptr, nullptr);
}

}  // namespace chatterbox::sidecar

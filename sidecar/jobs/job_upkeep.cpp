// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of JobStore that time drives: expiry, webhooks, checkpoints.
#include "jobs/job_store.h"

namespace chatterbox::sidecar {
namespace {

// Rows deleted and pages given back to the file system per round have limits:
// all at once would keep requests waiting.
constexpr const char* kVacuum = "PRAGMA incremental_vacuum(256)";
constexpr int kWebhookTries = 3;

std::vector<std::string> ids(Database& database, const char* sql, std::int64_t now) {
  std::vector<std::string> found;
  Query query(database, sql);
  query.bind(now);
  while (query.next()) found.push_back(query.text(0));
  return found;
}

}  // namespace

std::vector<std::string> JobStore::expire() {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = now_ms();
  auto stopped = ids(database_, "SELECT id FROM jobs WHERE state = 1 AND expires_ms <= ?", now);
  const auto late =
      ids(database_, "SELECT id FROM jobs WHERE state = 1 AND started_ms + timeout_ms <= ?", now);
  const bool any =
      !ids(database_, "SELECT id FROM jobs WHERE expires_ms <= ? LIMIT 1", now).empty();
  if (!any && late.empty()) return stopped;

  Transaction transaction(database_);
  Query(database_,
        "DELETE FROM jobs WHERE number IN "
        "(SELECT number FROM jobs WHERE expires_ms <= ? LIMIT 32)")
      .bind(now)
      .run();
  for (const std::string& id : late) {
    Query(database_,
          "UPDATE jobs SET state = 5, finished_ms = ?, expires_ms = ? + "
          "CASE sync WHEN 1 THEN ? ELSE ? END, error = 'Execution timeout', "
          "detail = 'expected the job to end within ' || timeout_ms || ' ms, got longer', "
          "webhook_due_ms = CASE webhook WHEN '' THEN 0 ELSE 1 END WHERE id = ?")
        .bind(now)
        .bind(now)
        .bind(limits_.sync_result_ms)
        .bind(limits_.result_ms)
        .bind(id)
        .run();
    stopped.push_back(id);
  }
  transaction.commit();
  counts_.timed_out += std::int64_t(late.size());
  count_queue();
  database_.execute(kVacuum);
  return stopped;
}

std::vector<Job> JobStore::due_webhooks(std::int64_t retry_ms) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = now_ms();
  const auto due =
      ids(database_,
          "SELECT id FROM jobs WHERE webhook_due_ms > 0 AND webhook_due_ms <= ? LIMIT 16", now);
  std::vector<Job> jobs;
  if (due.empty()) return jobs;
  Transaction transaction(database_);
  for (const std::string& id : due) {
    Query(database_,
          "UPDATE jobs SET webhook_tries = webhook_tries + 1, webhook_due_ms = "
          "CASE WHEN webhook_tries + 1 >= ? THEN 0 ELSE ? END WHERE id = ?")
        .bind(std::int64_t(kWebhookTries))
        .bind(now + retry_ms)
        .bind(id)
        .run();
    if (auto job = find_job(database_, id)) jobs.push_back(std::move(*job));
  }
  transaction.commit();
  return jobs;
}

void JobStore::webhook_done(const std::string& id) {
  const std::lock_guard lock(mutex_);
  Query(database_, "UPDATE jobs SET webhook_due_ms = 0 WHERE id = ?").bind(id).run();
}

void JobStore::checkpoint() {
  const std::lock_guard lock(checkpoint_mutex_);
  // Busy is no failure: the next round takes what this one leaves.
  sqlite3_wal_checkpoint_v2(checkpoint_database_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                            nullptr, nullptr);
}

}  // namespace chatterbox::sidecar

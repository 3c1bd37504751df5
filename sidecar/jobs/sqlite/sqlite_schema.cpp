// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of SqliteJobStore that makes, checks and finds again the tables.
#include "jobs/sqlite/sqlite_store.h"
#include "log.h"

namespace chatterbox::sidecar {
namespace {

// Kept in the file. 1: outputs in one piece, starts numbered by attempts. 2: one model for all.
// 3: no objects, no secrets.
constexpr std::int64_t kVersion = 4;

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
  error TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',
  epoch INTEGER NOT NULL DEFAULT 0, output_bytes INTEGER NOT NULL DEFAULT 0,
  model TEXT NOT NULL DEFAULT '', secret INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS jobs_queue ON jobs(low_priority, turn, number) WHERE state = 0;
CREATE INDEX IF NOT EXISTS jobs_running ON jobs(number) WHERE state = 1;
CREATE INDEX IF NOT EXISTS jobs_client ON jobs(client, turn) WHERE state = 0;
CREATE INDEX IF NOT EXISTS jobs_expiry ON jobs(expires_ms);
DROP INDEX IF EXISTS jobs_webhook;
CREATE INDEX IF NOT EXISTS jobs_webhooks ON jobs(client, webhook_due_ms) WHERE webhook_due_ms > 0;
CREATE TABLE IF NOT EXISTS inputs(id TEXT PRIMARY KEY, body TEXT NOT NULL,
  object TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS outputs(id TEXT NOT NULL, number INTEGER NOT NULL,
  body TEXT NOT NULL, object TEXT NOT NULL DEFAULT '', PRIMARY KEY(id, number));
CREATE TABLE IF NOT EXISTS objects(name TEXT PRIMARY KEY, due_ms INTEGER NOT NULL,
  gone INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS objects_due ON objects(due_ms) WHERE due_ms > 0;
CREATE TABLE IF NOT EXISTS chunks(id TEXT NOT NULL, number INTEGER NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY(id, number));
CREATE TRIGGER IF NOT EXISTS jobs_gone AFTER DELETE ON jobs BEGIN
  DELETE FROM inputs WHERE id = old.id;
  DELETE FROM outputs WHERE id = old.id;
  DELETE FROM chunks WHERE id = old.id;
END;
CREATE TRIGGER IF NOT EXISTS inputs_gone AFTER DELETE ON inputs WHEN old.object <> '' BEGIN
  UPDATE objects SET due_ms = 1, gone = 1 WHERE name = old.object;
END;
CREATE TRIGGER IF NOT EXISTS outputs_gone AFTER DELETE ON outputs WHEN old.object <> '' BEGIN
  UPDATE objects SET due_ms = 1, gone = 1 WHERE name = old.object;
END;
CREATE TRIGGER IF NOT EXISTS secrets_gone AFTER UPDATE OF state ON jobs
  WHEN new.secret = 1 AND new.state > 1 BEGIN
  DELETE FROM inputs WHERE id = new.id;
END;
)sql";

// Owners were numbers of keys, or addresses where there are none.
constexpr const char* kFromVersion1 = R"sql(
ALTER TABLE jobs ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN output_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET epoch = attempts;
UPDATE jobs SET client = 'local' WHERE client NOT LIKE 'key %';
DROP TRIGGER jobs_gone;
ALTER TABLE outputs RENAME TO whole_outputs;
CREATE TABLE outputs(id TEXT NOT NULL, number INTEGER NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY(id, number));
INSERT INTO outputs SELECT id, 0, body FROM whole_outputs;
DROP TABLE whole_outputs;
UPDATE jobs SET output_bytes = IFNULL(
  (SELECT LENGTH(CAST(body AS BLOB)) FROM outputs WHERE outputs.id = jobs.id), 0);
)sql";

constexpr const char* kFromVersion2 = "ALTER TABLE jobs ADD COLUMN model TEXT NOT NULL DEFAULT ''";

constexpr const char* kFromVersion3 = R"sql(
ALTER TABLE jobs ADD COLUMN secret INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inputs ADD COLUMN object TEXT NOT NULL DEFAULT '';
ALTER TABLE outputs ADD COLUMN object TEXT NOT NULL DEFAULT '';
)sql";

std::int64_t first_integer(Database& database, const char* sql) {
  Query query(database, sql);
  return query.next() ? query.integer(0) : 0;
}

}  // namespace

void SqliteJobStore::prepare_schema() {
  std::int64_t version = first_integer(database_, "PRAGMA user_version");
  const bool tables =
      first_integer(database_, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'jobs'") > 0;
  if (version == 0 && tables) version = 1;
  if (version > kVersion)
    throw StorageError(path_ + ": expected a database of version " + std::to_string(kVersion) +
                       " or older, got version " + std::to_string(version) +
                       "; it was written by a newer server");
  Transaction transaction(database_);
  if (version == 1) database_.execute(kFromVersion1);
  if (version == 1 || version == 2) database_.execute(kFromVersion2);
  if (version >= 1 && version <= 3) database_.execute(kFromVersion3);
  database_.execute(kSchema);
  database_.execute(("PRAGMA user_version = " + std::to_string(kVersion)).c_str());
  transaction.commit();
}

// Jobs that ran when the last process ended begin again, unless they keep ending us.
void SqliteJobStore::recover() {
  std::vector<std::string> running;
  {
    Query query(database_, "SELECT id FROM jobs WHERE state = 1");
    while (query.next()) running.push_back(query.text(0));
  }
  Transaction transaction(database_);
  for (const std::string& id : running) {
    const auto job = find_job(database_, "", id);
    if (job->attempts >= limits_.attempts)
      end(*job, JobState::kFailed, "Interrupted",
          "the server ended during each of " + std::to_string(job->attempts) +
              " starts of this job",
          std::nullopt);
    else
      Query(database_, "UPDATE jobs SET state = 0, turn = 0, started_ms = 0 WHERE id = ?")
          .bind(id)
          .run();
  }
  transaction.commit();
  recount();
  // These figures are of this process.
  const std::lock_guard counts_lock(counts_mutex_);
  counts_.failed = 0;
  for (auto& [owner, counts] : of_owner_) counts.failed = 0;
}

void SqliteJobStore::check() {
  const std::lock_guard lock(checkpoint_mutex_);
  try {
    Query query(checkpoint_database_, "PRAGMA quick_check(1)");
    const std::string answer = query.next() ? query.text(0) : "no answer";
    if (answer == "ok") return;
    log(Level::kWarning, path_ + ": expected a sound database, got: " + answer);
    report_storage_damage();
  } catch (const StorageError& error) {
    log(Level::kWarning, path_ + ": cannot be checked: " + error.what());
  }
}

}  // namespace chatterbox::sidecar

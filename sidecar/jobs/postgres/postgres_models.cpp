// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of PostgresJobStore that looks after jobs whose model no server has.
#include "jobs/postgres/postgres_store.h"
#include "log.h"

namespace chatterbox::sidecar {

void PostgresJobStore::look_after_unserved() {
  const auto now = std::chrono::steady_clock::now();
  if (now < unserved_looked_ + std::chrono::milliseconds(lease_ms_ / 3)) return;
  unserved_looked_ = now;
  // All servers, or the database, may have been away together, or its clock may have jumped: then
  // nobody could offer anything, and those that come back have their time.
  const std::int64_t now_ms = pool_.with([](PgConnection& connection) {
    return PgQuery(connection, "SELECT chatterbox.now_ms()").run().integer(0, 0);
  });
  if (now_ms < looked_ms_ || now_ms > looked_ms_ + lease_ms_) together_since_ms_ = now_ms;
  looked_ms_ = now_ms;
  // Looks at the few models that are waited for, not at all jobs.
  const PgRows unserved = pool_.with([&](PgConnection& connection) {
    return PgQuery(connection, R"sql(
WITH RECURSIVE models(model) AS (
  (SELECT model FROM chatterbox.jobs WHERE state = 0 ORDER BY model LIMIT 1)
  UNION ALL
  SELECT (SELECT j.model FROM chatterbox.jobs j WHERE j.state = 0 AND j.model > m.model
    ORDER BY j.model LIMIT 1) FROM models m WHERE m.model IS NOT NULL)
SELECT m.model, (SELECT count(*) FROM chatterbox.jobs j WHERE j.state = 0 AND j.model = m.model),
  (SELECT count(*) FROM chatterbox.offers o
    WHERE o.model = m.model AND o.seen_ms > chatterbox.now_ms() - $2)
FROM models m WHERE m.model IS NOT NULL AND NOT EXISTS(
  SELECT 1 FROM chatterbox.offers o
  WHERE o.model = m.model AND o.seen_ms > chatterbox.now_ms() - $1))sql")
        .bind(lease_ms_)
        .bind(model_ms_)
        .run();
  });
  std::int64_t waiting = 0;
  for (int row = 0; row < unserved.count(); ++row) waiting += unserved.integer(row, 1);
  {
    const std::lock_guard lock(counts_mutex_);
    figures_.unserved = waiting;
  }
  if (now_ms < together_since_ms_ + model_ms_) return;
  for (int row = 0; row < unserved.count(); ++row)
    if (unserved.integer(row, 2) == 0) fail_unserved(unserved.text(row, 0));
  // A job begun by a kind of server that is gone is begun by another; a difference is told then.
  pool_.with([&](PgConnection& connection) {
    PgQuery(connection, R"sql(
UPDATE chatterbox.jobs j SET model_type = ''
WHERE state = 0 AND delivered > 0 AND model_type <> '' AND NOT EXISTS(
  SELECT 1 FROM chatterbox.offers o WHERE o.model = j.model AND o.type IN ('', j.model_type)
    AND o.seen_ms > chatterbox.now_ms() - $1))sql")
        .bind(model_ms_)
        .run();
    return true;
  });
}

void PostgresJobStore::fail_unserved(const std::string& model) {
  static const std::string sql = R"sql(
WITH late AS (
  SELECT number FROM chatterbox.jobs
  WHERE state = 0 AND model = $1 AND created_ms < chatterbox.now_ms() - $2 LIMIT 100
  FOR UPDATE SKIP LOCKED)
UPDATE chatterbox.jobs j SET )sql" +
                                 pg_job_end("3", "'No server has the model'",
                                            "'expected a server with model ' || model || ', got "
                                            "none for ' || $2::bigint / 1000 || ' s'",
                                            "$3", "$4") +
                                 R"sql(
FROM late WHERE j.number = late.number RETURNING j.id, j.client)sql";
  const PgRows failed = pool_.with([&](PgConnection& connection) {
    return PgQuery(connection, sql.c_str())
        .bind(model)
        .bind(model_ms_)
        .bind(limits_.result_ms)
        .bind(limits_.sync_result_ms)
        .run();
  });
  for (int row = 0; row < failed.count(); ++row) {
    const std::string id = failed.text(row, 0);
    log(Level::kWarning, "job " + id + ": no server has its model");
    count_end(failed.text(row, 1), JobState::kFailed);
    bulletin_.tell('n', id);
  }
}

}  // namespace chatterbox::sidecar

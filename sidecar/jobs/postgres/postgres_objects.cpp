// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of PostgresJobStore that knows which objects are needed.
#include "jobs/postgres/pg_schema.h"
#include "jobs/postgres/postgres_store.h"

namespace chatterbox::sidecar {
namespace {

// Time limit of one removal; then its server is taken for gone.
constexpr std::int64_t kRemovalMs = 60'000;

}  // namespace

void PostgresJobStore::use_objects() {
  pool_.with([](PgConnection& connection) {
    use_pg_objects(connection);
    return true;
  });
}

void PostgresJobStore::begin_object(const std::string& name) {
  pool_.with([&](PgConnection& connection) {
    PgQuery(connection,
            "INSERT INTO chatterbox.objects(name, due_ms) VALUES($1, chatterbox.now_ms() + $2)")
        .bind(name)
        .bind(kObjectTrialMs)
        .run();
    return true;
  });
}

void PostgresJobStore::drop_object(const std::string& name) {
  pool_.with([&](PgConnection& connection) {
    PgQuery(connection,
            "UPDATE chatterbox.objects SET due_ms = 1, gone = 1 WHERE name = $1 AND due_ms > 0")
        .bind(name)
        .run();
    return true;
  });
}

std::vector<std::string> PostgresJobStore::due_objects() {
  return pool_.with([&](PgConnection& connection) {
    const PgRows rows = PgQuery(connection, R"sql(
WITH due AS (
  SELECT name FROM chatterbox.objects WHERE due_ms > 0 AND due_ms <= chatterbox.now_ms()
  ORDER BY due_ms LIMIT 32 FOR UPDATE SKIP LOCKED)
UPDATE chatterbox.objects o SET due_ms = chatterbox.now_ms() + $1, gone = 1
FROM due WHERE o.name = due.name RETURNING o.name)sql")
                            .bind(kRemovalMs)
                            .run();
    std::vector<std::string> names;
    for (int row = 0; row < rows.count(); ++row) names.push_back(rows.text(row, 0));
    return names;
  });
}

void PostgresJobStore::object_removed(const std::string& name) {
  pool_.with([&](PgConnection& connection) {
    PgQuery(connection, "DELETE FROM chatterbox.objects WHERE name = $1 AND gone = 1")
        .bind(name)
        .run();
    return true;
  });
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of PostgresJobStore that workers use: claims, pieces of output, results.
#include <algorithm>
#include <optional>

#include "jobs/postgres/pg_schema.h"
#include "jobs/postgres/postgres_store.h"

namespace chatterbox::sidecar {

namespace {

// A slow database takes longer for more than this than any other statement may take.
constexpr std::size_t kLargeBytes = 8 << 20;

// The next job of any model and type, of no owner of $3.
constexpr const char* kNext = R"sql(
WITH next AS (
  SELECT number, NULL::text AS type FROM chatterbox.jobs
  WHERE state = 0 AND client <> ALL($3::text[])
  ORDER BY low_priority, turn, number LIMIT 1 FOR UPDATE SKIP LOCKED),)sql";

// The same of the models $4 with the types $5: first the owner whose turn it is, then its job.
// A job of which nobody has heard yet may be begun with any type. Written so that the index by
// model is the only one in the order asked for: another would be read to its end for a model that
// nothing waits for.
constexpr const char* kNextOfModels = R"sql(
WITH best AS (
  SELECT own.model, own.type FROM unnest($4::text[], $5::text[]) AS own(model, type)
  CROSS JOIN LATERAL (
    SELECT low_priority, turn, number FROM chatterbox.jobs WHERE state = 0
      AND model >= own.model AND model <= own.model AND client <> ALL($3::text[])
      AND (delivered = 0 OR own.type = '' OR model_type IN ('', own.type))
    ORDER BY model, low_priority, turn, number LIMIT 1) AS first
  ORDER BY low_priority, turn, number LIMIT 1),
next AS (
  SELECT number, (SELECT type FROM best) AS type FROM chatterbox.jobs
  WHERE state = 0 AND model >= (SELECT model FROM best) AND model <= (SELECT model FROM best)
    AND client <> ALL($3::text[])
    AND (delivered = 0 OR (SELECT type FROM best) = '' OR
      model_type IN ('', (SELECT type FROM best)))
  ORDER BY model, low_priority, turn, number LIMIT 1 FOR UPDATE SKIP LOCKED),)sql";

// One statement: a job that another server is about to take is passed over. Only those pieces of an
// earlier start are kept that the client has: to be compared.
std::string claim_sql(const char* next) {
  return std::string(next) + R"sql(
j AS (
  UPDATE chatterbox.jobs AS taken SET state = 1, attempts = attempts + 1, epoch = epoch + 1,
    started_ms = chatterbox.now_ms(), server = $1, lease_ms = chatterbox.now_ms() + $2,
    model_type = CASE WHEN delivered > 0 AND model_type <> '' THEN model_type
      ELSE coalesce(next.type, '') END
  FROM next WHERE taken.number = next.number RETURNING taken.*),
stale AS (
  DELETE FROM chatterbox.chunks c USING j WHERE c.job = j.number AND c.number >= j.delivered)
SELECT )sql" +
         kPgJobColumns +
         ", j.turn, i.body, i.object FROM j JOIN chatterbox.inputs i ON i.job = j.number";
}

}  // namespace

// As counted last, once a second.
std::vector<std::string> PostgresJobStore::overfull() {
  const std::lock_guard lock(counts_mutex_);
  return overfull_owners(of_owner_, shares_.of(limits_.kept_bytes));
}

std::optional<Claim> PostgresJobStore::claim_for(const std::vector<ModelOffer>& offers) {
  static const std::string any = claim_sql(kNext), ours = claim_sql(kNextOfModels);
  std::vector<std::string> models, types;
  for (const ModelOffer& offer : offers) {
    models.push_back(offer.model);
    types.push_back(offer.type);
  }
  if (!offers.empty()) leases_.offer(offers);
  const std::vector<std::string> full = overfull();
  return pool_.with([&](PgConnection& connection) -> std::optional<Claim> {
    const auto asked = PgLeases::Clock::now();
    PgQuery query(connection, (offers.empty() ? any : ours).c_str());
    query.bind(server_).bind(lease_ms_).bind(full);
    if (!offers.empty()) query.bind(models).bind(types);
    const PgRows rows = query.run();
    if (rows.count() == 0) return std::nullopt;
    Claim claim{read_pg_job(rows, 0), rows.text(0, kPgJobColumnCount + 1),
                rows.text(0, kPgJobColumnCount + 2)};
    leases_.hold(claim.job.id, claim.job.epoch, asked);
    std::int64_t turn = turn_;
    const std::int64_t begun = rows.integer(0, kPgJobColumnCount);
    while (turn < begun && !turn_.compare_exchange_weak(turn, begun)) {
    }
    return claim;
  });
}

bool PostgresJobStore::is_current(const Job& job) {
  return pool_.with([&](PgConnection& connection) {
    return PgQuery(connection,
                   "SELECT 1 FROM chatterbox.jobs WHERE id = $1 AND epoch = $2 AND state = 1")
               .bind(job.id)
               .bind(job.epoch)
               .run()
               .count() > 0;
  });
}

ChunkFate PostgresJobStore::add_chunk(const Job& job, int number, std::string_view json) {
  // The lock keeps others from ending this start before the chunk is there.
  return pool_.with([&](PgConnection& connection) {
    const PgRows rows = PgQuery(connection, R"sql(
WITH j AS (
  SELECT number FROM chatterbox.jobs WHERE id = $1 AND epoch = $2 AND state = 1 FOR SHARE),
old AS (
  SELECT c.body FROM chatterbox.chunks c JOIN j ON c.job = j.number WHERE c.number = $3),
put AS (
  INSERT INTO chatterbox.chunks(job, number, epoch, body)
  SELECT j.number, $3, $2, $4::bytea FROM j WHERE NOT EXISTS(SELECT 1 FROM old) RETURNING 1)
SELECT (SELECT count(*) FROM j), (SELECT count(*) FROM put),
  (SELECT count(*) FROM old WHERE body = $4::bytea))sql")
                            .bind(job.id)
                            .bind(job.epoch)
                            .bind(number)
                            .bind_bytes(json)
                            .run();
    if (rows.integer(0, 0) == 0) return ChunkFate::kStale;
    if (rows.integer(0, 1) + rows.integer(0, 2) == 0) return ChunkFate::kDiffers;
    bulletin_.tell('n', job.id);
    return ChunkFate::kKept;
  });
}

bool PostgresJobStore::finish(const Job& job, JobState state, const Output& output,
                              const std::string& error, const std::string& detail) {
  // The database cuts the result in pieces, so that one statement stores it.
  static const std::string sql = R"sql(
WITH j AS (
  UPDATE chatterbox.jobs SET output_bytes = $8::bigint, )sql" +
                                 pg_job_end("$3", "$4", "$5", "$6", "$10") + R"sql(
  WHERE id = $1 AND epoch = $2 AND state = 1 RETURNING number, state),
parts AS (
  INSERT INTO chatterbox.outputs(job, number, body)
  SELECT j.number, n, substring($7::bytea FROM n * 262144 + 1 FOR 262144)
  FROM j, generate_series(0, (length($7::bytea) - 1) / 262144) AS n WHERE length($7::bytea) > 0),
object AS (
  INSERT INTO chatterbox.outputs(job, number, body, object)
  SELECT j.number, 0, '', $9::text FROM j WHERE $9::text <> ''),
used AS (
  DELETE FROM chatterbox.inputs i USING j WHERE i.job = j.number AND j.state IN (2, 4))
SELECT 1 FROM j)sql";
  const bool ended = pool_.with([&](PgConnection& connection) {
    std::optional<PgTransaction> together;
    const bool large = output.json.size() > kLargeBytes;
    if (large || !output.object.name.empty()) together.emplace(connection);
    if (large) {
      // Its lease is renewed meanwhile.
      connection.be_patient();
      connection.execute("SET LOCAL statement_timeout = '300s'");
    }
    if (!output.object.name.empty()) keep_pg_object(connection, output.object.name);
    const PgRows rows = PgQuery(connection, sql.c_str())
                            .bind(job.id)
                            .bind(job.epoch)
                            .bind(std::int64_t(state))
                            .bind(std::string_view(error))
                            .bind(std::string_view(detail))
                            .bind(limits_.result_ms)
                            .bind_bytes(output.json)
                            .bind(output.bytes())
                            .bind(output.object.name)
                            .bind(limits_.sync_result_ms)
                            .run();
    // The object of a start that no longer counts stays on trial, and goes.
    if (rows.count() == 0) return false;
    if (together) together->commit();
    // The next user gets a connection that waits as others do.
    if (large) connection.give_up();
    return true;
  });
  leases_.drop(job.id, job.epoch);
  if (!ended) return false;
  bulletin_.tell('n', job.id);
  count_end(job.owner, state);
  return true;
}

void PostgresJobStore::put_back(const Job& job) {
  const bool waits = pool_.with([&](PgConnection& connection) {
    return PgQuery(connection,
                   "UPDATE chatterbox.jobs SET state = 0, turn = 0, started_ms = 0, "
                   "attempts = attempts - 1, epoch = epoch + 1, lease_ms = 0 "
                   "WHERE id = $1 AND epoch = $2 AND state = 1 RETURNING 1")
               .bind(job.id)
               .bind(job.epoch)
               .run()
               .count() > 0;
  });
  leases_.drop(job.id, job.epoch);
  if (waits) bulletin_.tell('w');
}

}  // namespace chatterbox::sidecar

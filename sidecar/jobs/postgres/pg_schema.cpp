// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/postgres/pg_schema.h"

#include <algorithm>
#include <string>

namespace chatterbox::sidecar {
namespace {

// Version of the tables that this server makes. Tables of a later version say from which version on
// a server may use them; only additions that older servers do not notice leave that number alone.
constexpr std::int64_t kVersion = 3;
constexpr std::int64_t kUsableFrom = 1;

// Held while the tables are looked at and changed; "chtrbx" in ASCII.
constexpr const char* kLock = "SELECT pg_advisory_xact_lock(109330521645688)";

constexpr const char* kVersionTable = R"sql(
CREATE SCHEMA IF NOT EXISTS chatterbox;
CREATE TABLE IF NOT EXISTS chatterbox.version(
  version bigint NOT NULL, usable_from bigint NOT NULL);
)sql";

// Times are milliseconds since 1970 by the clock of the database. A chunk's epoch is that of the
// start which made it. Deleting a job deletes everything that belongs to it.
constexpr const char* kTables = R"sql(
CREATE FUNCTION chatterbox.now_ms() RETURNS bigint LANGUAGE sql STABLE AS
  'SELECT (extract(epoch FROM statement_timestamp()) * 1000)::bigint';
CREATE TABLE chatterbox.jobs(
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE,
  state bigint NOT NULL, client text COLLATE "C" NOT NULL, turn bigint NOT NULL,
  low_priority bigint NOT NULL, sync bigint NOT NULL, input_bytes bigint NOT NULL,
  output_bytes bigint NOT NULL DEFAULT 0, created_ms bigint NOT NULL,
  started_ms bigint NOT NULL DEFAULT 0, finished_ms bigint NOT NULL DEFAULT 0,
  expires_ms bigint NOT NULL, timeout_ms bigint NOT NULL, attempts bigint NOT NULL DEFAULT 0,
  retries bigint NOT NULL DEFAULT 0, seed bigint NOT NULL, delivered bigint NOT NULL DEFAULT 0,
  webhook text NOT NULL, webhook_tries bigint NOT NULL DEFAULT 0,
  webhook_due_ms bigint NOT NULL DEFAULT 0, error text NOT NULL DEFAULT '',
  detail text NOT NULL DEFAULT '', epoch bigint NOT NULL DEFAULT 0,
  model text NOT NULL DEFAULT '', server text NOT NULL DEFAULT '',
  lease_ms bigint NOT NULL DEFAULT 0) WITH (fillfactor = 70);
CREATE INDEX jobs_queue ON chatterbox.jobs(low_priority, turn, number) WHERE state = 0;
CREATE INDEX jobs_waiting ON chatterbox.jobs(number) WHERE state = 0;
CREATE INDEX jobs_client ON chatterbox.jobs(client, turn) WHERE state = 0;
CREATE INDEX jobs_running ON chatterbox.jobs(number) WHERE state = 1;
CREATE INDEX jobs_expiry ON chatterbox.jobs(expires_ms);
CREATE INDEX jobs_webhooks ON chatterbox.jobs(client, webhook_due_ms) WHERE webhook_due_ms > 0;
CREATE TABLE chatterbox.inputs(
  job bigint PRIMARY KEY REFERENCES chatterbox.jobs ON DELETE CASCADE, body bytea NOT NULL);
CREATE TABLE chatterbox.outputs(
  job bigint NOT NULL REFERENCES chatterbox.jobs ON DELETE CASCADE, number bigint NOT NULL,
  body bytea NOT NULL, PRIMARY KEY(job, number));
CREATE TABLE chatterbox.chunks(
  job bigint NOT NULL REFERENCES chatterbox.jobs ON DELETE CASCADE, number bigint NOT NULL,
  epoch bigint NOT NULL, body bytea NOT NULL, PRIMARY KEY(job, number));
CREATE TABLE chatterbox.servers(
  id text COLLATE "C" PRIMARY KEY, workers bigint NOT NULL, seen_ms bigint NOT NULL);
CREATE TABLE chatterbox.voices(
  client text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, id text NOT NULL,
  name text NOT NULL, gender text NOT NULL, description text NOT NULL, original_file text NOT NULL,
  provenance text NOT NULL, digest text NOT NULL, recording bytea NOT NULL, gone bigint NOT NULL,
  change bigint NOT NULL UNIQUE, PRIMARY KEY(client, key));
)sql";

// Sums of each client's jobs, kept by every change: a million rows are not counted for every
// request. Each client has several rows, so that changes hardly wait for each other.
constexpr const char* kTallies = R"sql(
CREATE TABLE chatterbox.tallies(
  client text COLLATE "C" NOT NULL, shard bigint NOT NULL, kept bigint NOT NULL,
  kept_bytes bigint NOT NULL, queued bigint NOT NULL, queued_bytes bigint NOT NULL,
  running bigint NOT NULL, PRIMARY KEY(client, shard)) WITH (fillfactor = 20);
CREATE FUNCTION chatterbox.count_job(sign bigint, job chatterbox.jobs) RETURNS bigint[]
  LANGUAGE sql IMMUTABLE AS
  'SELECT ARRAY[sign, sign * (job.input_bytes + job.output_bytes), sign * (job.state = 0)::int,
     CASE job.state WHEN 0 THEN sign * job.input_bytes ELSE 0 END, sign * (job.state = 1)::int]';
)sql";

// The trigger that keeps the sums after statements of one kind.
std::string tally(const std::string& event, const std::string& tables, const std::string& rows) {
  const std::string name = "tally_" + event;
  return "CREATE FUNCTION chatterbox." + name + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " +
         R"sql(
    INSERT INTO chatterbox.tallies AS t(
      client, shard, kept, kept_bytes, queued, queued_bytes, running)
    SELECT client, pg_backend_pid() % 16, sum(n[1]), sum(n[2]), sum(n[3]), sum(n[4]), sum(n[5])
    FROM ()sql" +
         rows + R"sql() AS changes GROUP BY client
    HAVING sum(n[1]) <> 0 OR sum(n[2]) <> 0 OR sum(n[3]) <> 0 OR sum(n[5]) <> 0 ORDER BY client
    ON CONFLICT (client, shard) DO UPDATE SET kept = t.kept + excluded.kept,
      kept_bytes = t.kept_bytes + excluded.kept_bytes, queued = t.queued + excluded.queued,
      queued_bytes = t.queued_bytes + excluded.queued_bytes,
      running = t.running + excluded.running;
    RETURN NULL; END $$;
    CREATE TRIGGER )sql" +
         name + " AFTER " + event + " ON chatterbox.jobs REFERENCING " + tables +
         " FOR EACH STATEMENT EXECUTE FUNCTION chatterbox." + name + "();";
}

// Objects, which hold what is too large for rows (JobStore::begin_object()); secrets, which go when
// their job ends; and models, with their types, that the servers offer. Servers of version 1 do not
// notice: the rest is done by triggers.
constexpr const char* kToVersion2 = R"sql(
ALTER TABLE chatterbox.jobs ADD COLUMN secret bigint NOT NULL DEFAULT 0,
  ADD COLUMN model_type text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE chatterbox.inputs ADD COLUMN object text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE chatterbox.outputs ADD COLUMN object text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE chatterbox.voices ADD COLUMN object text COLLATE "C" NOT NULL DEFAULT '';
CREATE TABLE chatterbox.objects(
  name text COLLATE "C" PRIMARY KEY, due_ms bigint NOT NULL, gone bigint NOT NULL DEFAULT 0);
CREATE INDEX objects_due ON chatterbox.objects(due_ms) WHERE due_ms > 0;
CREATE TABLE chatterbox.offers(
  model text COLLATE "C" NOT NULL, type text COLLATE "C" NOT NULL, seen_ms bigint NOT NULL,
  PRIMARY KEY(model, type));
CREATE INDEX jobs_model ON chatterbox.jobs(model, low_priority, turn, number) WHERE state = 0;
CREATE INDEX jobs_typed ON chatterbox.jobs(number) WHERE state = 0 AND delivered > 0;
CREATE FUNCTION chatterbox.drop_object() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE chatterbox.objects SET due_ms = 1, gone = 1 WHERE name = old.object;
  RETURN NULL; END $$;
CREATE TRIGGER drop_object AFTER DELETE ON chatterbox.inputs FOR EACH ROW
  WHEN (old.object <> '') EXECUTE FUNCTION chatterbox.drop_object();
CREATE TRIGGER drop_object AFTER DELETE ON chatterbox.outputs FOR EACH ROW
  WHEN (old.object <> '') EXECUTE FUNCTION chatterbox.drop_object();
CREATE TRIGGER drop_object AFTER UPDATE ON chatterbox.voices FOR EACH ROW
  WHEN (old.object <> '' AND old.object <> new.object)
  EXECUTE FUNCTION chatterbox.drop_object();
CREATE FUNCTION chatterbox.forget_request() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  DELETE FROM chatterbox.inputs WHERE job = new.number;
  RETURN NULL; END $$;
CREATE TRIGGER forget_request AFTER UPDATE ON chatterbox.jobs FOR EACH ROW
  WHEN (new.secret = 1 AND old.state < 2 AND new.state >= 2)
  EXECUTE FUNCTION chatterbox.forget_request();
)sql";

// A claim passes over the index entries of jobs that were claimed before, until a vacuum has taken
// them away: by default that waits until a fifth of all rows is dead, and then leaves indexes
// alone where few pages are.
constexpr const char* kToVersion3 = R"sql(
ALTER TABLE chatterbox.jobs SET (autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 1000, vacuum_index_cleanup = on);
)sql";

void make_tables(PgConnection& connection) {
  const std::string added = "SELECT client, chatterbox.count_job(1, j) AS n FROM added j";
  const std::string gone = "SELECT client, chatterbox.count_job(-1, j) AS n FROM gone j";
  connection.execute(kTables);
  connection.execute(kTallies);
  connection.execute(tally("insert", "NEW TABLE AS added", added).c_str());
  connection.execute(tally("delete", "OLD TABLE AS gone", gone).c_str());
  connection.execute(
      tally("update", "OLD TABLE AS gone NEW TABLE AS added", added + " UNION ALL " + gone)
          .c_str());
}

std::string fault_of(const PgRows& version) {
  if (version.integer(0, 1) <= kVersion) return "";
  return "expected tables that a server of version " + std::to_string(kVersion) +
         " can use, got version " + std::to_string(version.integer(0, 0)) +
         "; a newer server has changed them";
}

}  // namespace

void prepare_pg_schema(PgConnection& connection) {
  if (const std::string encoding =
          PgQuery(connection, "SELECT current_setting('server_encoding')").run().text(0, 0);
      encoding != "UTF8")
    throw StorageError("expected a database with the encoding UTF8, got " + encoding);
  // Others may be at it, and what they change may be large.
  connection.be_patient();
  PgTransaction transaction(connection);
  connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL client_min_messages = warning");
  connection.execute(kLock);
  connection.execute(kVersionTable);
  const PgRows found =
      PgQuery(connection, "SELECT version, usable_from FROM chatterbox.version").run();
  const std::int64_t version = found.count() ? found.integer(0, 0) : 0;
  if (const std::string fault = version ? fault_of(found) : ""; !fault.empty())
    throw StorageError(fault);
  if (version < kVersion) {
    if (version < 1) make_tables(connection);
    if (version < 2) connection.execute(kToVersion2);
    if (version < 3) connection.execute(kToVersion3);
    // Older servers of before go on; what they could not use raises the second number.
    const std::int64_t usable_from = found.count() ? found.integer(0, 1) : kUsableFrom;
    PgQuery(connection, "DELETE FROM chatterbox.version").run();
    PgQuery(connection, "INSERT INTO chatterbox.version VALUES($1, $2)")
        .bind(kVersion)
        .bind(std::max(usable_from, kUsableFrom))
        .run();
  }
  transaction.commit();
}

std::string pg_version_fault(PgConnection& connection) {
  const PgRows found =
      PgQuery(connection, "SELECT version, usable_from FROM chatterbox.version").run();
  return found.count() ? fault_of(found) : "";
}

void use_pg_objects(PgConnection& connection) {
  PgQuery(connection, "UPDATE chatterbox.version SET usable_from = 2 WHERE usable_from < 2").run();
}

void keep_pg_object(PgConnection& connection, const std::string& name) {
  const PgRows rows =
      PgQuery(connection,
              "UPDATE chatterbox.objects SET due_ms = 0 WHERE name = $1 AND gone = 0 RETURNING 1")
          .bind(name)
          .run();
  if (rows.count() == 0)
    throw StorageError("expected object " + name + " to be kept until it is named, got none");
}

}  // namespace chatterbox::sidecar

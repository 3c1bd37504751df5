// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The tables of version 1, and what servers of that version did with them.
#pragma once

namespace chatterbox::sidecar::version1 {

constexpr const char* kTables = R"sql(
CREATE SCHEMA IF NOT EXISTS chatterbox;
CREATE TABLE IF NOT EXISTS chatterbox.version(
  version bigint NOT NULL, usable_from bigint NOT NULL);

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

CREATE TABLE chatterbox.tallies(
  client text COLLATE "C" NOT NULL, shard bigint NOT NULL, kept bigint NOT NULL,
  kept_bytes bigint NOT NULL, queued bigint NOT NULL, queued_bytes bigint NOT NULL,
  running bigint NOT NULL, PRIMARY KEY(client, shard)) WITH (fillfactor = 20);
CREATE FUNCTION chatterbox.count_job(sign bigint, job chatterbox.jobs) RETURNS bigint[]
  LANGUAGE sql IMMUTABLE AS
  'SELECT ARRAY[sign, sign * (job.input_bytes + job.output_bytes), sign * (job.state = 0)::int,
     CASE job.state WHEN 0 THEN sign * job.input_bytes ELSE 0 END, sign * (job.state = 1)::int]';
CREATE FUNCTION chatterbox.tally_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO chatterbox.tallies AS t(
    client, shard, kept, kept_bytes, queued, queued_bytes, running)
  SELECT client, pg_backend_pid() % 16, sum(n[1]), sum(n[2]), sum(n[3]), sum(n[4]), sum(n[5])
  FROM (SELECT client, chatterbox.count_job(1, j) AS n FROM added j) AS changes GROUP BY client
  HAVING sum(n[1]) <> 0 OR sum(n[2]) <> 0 OR sum(n[3]) <> 0 OR sum(n[5]) <> 0 ORDER BY client
  ON CONFLICT (client, shard) DO UPDATE SET kept = t.kept + excluded.kept,
    kept_bytes = t.kept_bytes + excluded.kept_bytes, queued = t.queued + excluded.queued,
    queued_bytes = t.queued_bytes + excluded.queued_bytes,
    running = t.running + excluded.running;
  RETURN NULL; END $$;
CREATE TRIGGER tally_insert AFTER insert ON chatterbox.jobs REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION chatterbox.tally_insert();
CREATE FUNCTION chatterbox.tally_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO chatterbox.tallies AS t(
    client, shard, kept, kept_bytes, queued, queued_bytes, running)
  SELECT client, pg_backend_pid() % 16, sum(n[1]), sum(n[2]), sum(n[3]), sum(n[4]), sum(n[5])
  FROM (SELECT client, chatterbox.count_job(-1, j) AS n FROM gone j) AS changes GROUP BY client
  HAVING sum(n[1]) <> 0 OR sum(n[2]) <> 0 OR sum(n[3]) <> 0 OR sum(n[5]) <> 0 ORDER BY client
  ON CONFLICT (client, shard) DO UPDATE SET kept = t.kept + excluded.kept,
    kept_bytes = t.kept_bytes + excluded.kept_bytes, queued = t.queued + excluded.queued,
    queued_bytes = t.queued_bytes + excluded.queued_bytes,
    running = t.running + excluded.running;
  RETURN NULL; END $$;
CREATE TRIGGER tally_delete AFTER delete ON chatterbox.jobs REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION chatterbox.tally_delete();
CREATE FUNCTION chatterbox.tally_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO chatterbox.tallies AS t(
    client, shard, kept, kept_bytes, queued, queued_bytes, running)
  SELECT client, pg_backend_pid() % 16, sum(n[1]), sum(n[2]), sum(n[3]), sum(n[4]), sum(n[5])
  FROM (SELECT client, chatterbox.count_job(1, j) AS n FROM added j UNION ALL SELECT client, chatterbox.count_job(-1, j) AS n FROM gone j) AS changes GROUP BY client
  HAVING sum(n[1]) <> 0 OR sum(n[2]) <> 0 OR sum(n[3]) <> 0 OR sum(n[5]) <> 0 ORDER BY client
  ON CONFLICT (client, shard) DO UPDATE SET kept = t.kept + excluded.kept,
    kept_bytes = t.kept_bytes + excluded.kept_bytes, queued = t.queued + excluded.queued,
    queued_bytes = t.queued_bytes + excluded.queued_bytes,
    running = t.running + excluded.running;
  RETURN NULL; END $$;
CREATE TRIGGER tally_update AFTER update ON chatterbox.jobs REFERENCING OLD TABLE AS gone NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION chatterbox.tally_update();
INSERT INTO chatterbox.version VALUES(1, 1);
)sql";

// $1: id, ...: see PostgresJobStore::insert().
constexpr const char* kInsert = R"sql(
WITH turns AS (
  SELECT greatest($13::bigint,
    (SELECT max(turn) FROM chatterbox.jobs WHERE state = 0 AND client = $3::text),
    (SELECT turn - 1 FROM chatterbox.jobs WHERE state = 0 AND low_priority = 0 AND turn > 0
     ORDER BY turn LIMIT 1)) + 1 AS turn),
j AS (
  INSERT INTO chatterbox.jobs(id, state, client, turn, low_priority, sync, input_bytes,
    created_ms, started_ms, finished_ms, expires_ms, timeout_ms, seed, webhook, webhook_due_ms,
    error, detail, model)
  SELECT $1::text, $2::bigint, $3::text, turn, $4::bigint, $5::bigint, length($6::bytea), now_ms,
    CASE WHEN $2::bigint < 2 THEN 0 ELSE now_ms END,
    CASE WHEN $2::bigint < 2 THEN 0 ELSE now_ms END, now_ms + $7::bigint, $8::bigint, $9::bigint,
    $10::text, CASE WHEN $2::bigint < 2 OR $10::text = '' THEN 0 ELSE 1 END, $11::text, $12::text, $14::text
  FROM turns, chatterbox.now_ms() AS now_ms ON CONFLICT (id) DO NOTHING RETURNING number),
body AS (
  INSERT INTO chatterbox.inputs(job, body)
  SELECT number, $6::bytea FROM j WHERE length($6::bytea) > 0)
SELECT 1 FROM j)sql";

// $1: server, $2: milliseconds of a lease.
constexpr const char* kClaim = R"sql(
WITH next AS (
  SELECT number FROM chatterbox.jobs WHERE state = 0
  ORDER BY low_priority, turn, number LIMIT 1 FOR UPDATE SKIP LOCKED),
j AS (
  UPDATE chatterbox.jobs AS taken SET state = 1, attempts = attempts + 1, epoch = epoch + 1,
    started_ms = chatterbox.now_ms(), server = $1, lease_ms = chatterbox.now_ms() + $2
  FROM next WHERE taken.number = next.number RETURNING taken.*),
stale AS (
  DELETE FROM chatterbox.chunks c USING j WHERE c.job = j.number AND c.number >= j.delivered)
SELECT j.id, j.epoch, i.body FROM j JOIN chatterbox.inputs i ON i.job = j.number)sql";

// $1: id, $2: epoch, $3: state, $4, $5: error, detail, $6: milliseconds, $7: result.
constexpr const char* kFinish = R"sql(
WITH j AS (
  UPDATE chatterbox.jobs SET state = $3, finished_ms = chatterbox.now_ms(), error = $4,
    detail = $5, expires_ms = chatterbox.now_ms() + $6, lease_ms = 0,
    webhook_due_ms = CASE webhook WHEN '' THEN 0 ELSE 1 END, output_bytes = length($7::bytea)
  WHERE id = $1 AND epoch = $2 AND state = 1 RETURNING number, state),
parts AS (
  INSERT INTO chatterbox.outputs(job, number, body)
  SELECT j.number, n, substring($7::bytea FROM n * 262144 + 1 FOR 262144)
  FROM j, generate_series(0, (length($7::bytea) - 1) / 262144) AS n WHERE length($7::bytea) > 0),
used AS (
  DELETE FROM chatterbox.inputs i USING j WHERE i.job = j.number AND j.state IN (2, 4))
SELECT 1 FROM j)sql";

}  // namespace chatterbox::sidecar::version1

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Jobs in a file: older versions of it, and damage.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "sidecar/store_kind.h"

namespace chatterbox::sidecar {
namespace {

namespace fs = std::filesystem;

class SqliteStore : public testing::Test {
 protected:
  std::string path() const { return kind_.path(); }
  void open() {
    store_.reset();
    store_ = kind_.open({}, shares_);
  }
  void add(const std::string& request) {
    NewJob job;
    job.id = new_job_id(false);
    job.owner = "a";
    job.request = request;
    EXPECT_TRUE(store_->add(job));
  }

  Shares shares_;
  SqliteKind kind_;
  std::unique_ptr<JobStore> store_;
};

TEST_F(SqliteStore, ADatabaseOfVersion1IsTakenOver) {
  {
    Database old(path(), false);
    old.execute(R"sql(CREATE TABLE jobs(
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
      CREATE TABLE inputs(id TEXT PRIMARY KEY, body TEXT NOT NULL);
      CREATE TABLE outputs(id TEXT PRIMARY KEY, body TEXT NOT NULL);
      CREATE TABLE chunks(id TEXT NOT NULL, number INTEGER NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY(id, number));
      CREATE TRIGGER jobs_gone AFTER DELETE ON jobs BEGIN
        DELETE FROM outputs WHERE id = old.id; END;
      INSERT INTO jobs(id, state, client, turn, low_priority, sync, input_bytes, created_ms,
        expires_ms, timeout_ms, seed, webhook)
        VALUES('x', 2, '127.0.0.1', 1, 0, 0, 2, 1, 99999999999999, 1000, 1, '');
      INSERT INTO outputs VALUES('x', '"done"');)sql");
  }
  open();
  EXPECT_EQ(store_->find(kLocalOwner, "x")->state, JobState::kCompleted);
  EXPECT_EQ(store_->output_part("x", 0), "\"done\"");
  add("{}");
  store_.reset();
  {
    Database newer(path(), false);
    newer.execute("PRAGMA user_version = 99");
  }
  EXPECT_THROW(open(), StorageError);
}

TEST_F(SqliteStore, ADatabaseOfVersion3IsTakenOver) {
  {
    Database old(path(), false);
    old.execute(R"sql(CREATE TABLE jobs(
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
      model TEXT NOT NULL DEFAULT '');
      CREATE TABLE inputs(id TEXT PRIMARY KEY, body TEXT NOT NULL);
      CREATE TABLE outputs(id TEXT NOT NULL, number INTEGER NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY(id, number));
      CREATE TABLE chunks(id TEXT NOT NULL, number INTEGER NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY(id, number));
      CREATE TRIGGER jobs_gone AFTER DELETE ON jobs BEGIN
        DELETE FROM inputs WHERE id = old.id;
        DELETE FROM outputs WHERE id = old.id;
        DELETE FROM chunks WHERE id = old.id;
      END;
      INSERT INTO jobs(id, state, client, turn, low_priority, sync, input_bytes, created_ms,
        expires_ms, timeout_ms, seed, webhook, output_bytes, model)
        VALUES('x', 2, 'local', 1, 0, 0, 2, 1, 99999999999999, 1000, 1, '', 6, 'm'),
          ('y', 0, 'local', 2, 0, 0, 2, 1, 99999999999999, 1000, 1, '', 0, 'm');
      INSERT INTO outputs VALUES('x', 0, '"done"');
      INSERT INTO inputs VALUES('y', '{}');
      PRAGMA user_version = 3;)sql");
  }
  open();
  EXPECT_EQ(store_->output_bytes("x"), 6);
  EXPECT_EQ(store_->output_part("x", 0), "\"done\"");
  const Claim claim = *store_->claim();
  EXPECT_EQ(claim.request, "{}");
  EXPECT_EQ(claim.job.model, "m");
  store_->begin_object("results/y");
  EXPECT_TRUE(store_->finish(claim.job, JobState::kCompleted, ObjectOfJob{"results/y", 9}, "", ""));
  EXPECT_EQ(store_->output_object("y")->name, "results/y");
}

TEST_F(SqliteStore, DamageIsFound) {
  open();
  for (int i = 0; i < 200; ++i) add(std::string(1000, 'x'));
  store_->checkpoint();
  store_.reset();
  const auto size = fs::file_size(path());
  FILE* file = std::fopen(path().c_str(), "r+b");
  for (long at = 8192; at + 4096 < long(size); at += 4096) {
    std::fseek(file, at + 100, SEEK_SET);
    const std::string rubbish(2000, '\x5a');
    std::fwrite(rubbish.data(), 1, rubbish.size(), file);
  }
  std::fclose(file);
  EXPECT_FALSE(storage_damaged());
  try {
    open();
    store_->check();
  } catch (const StorageError&) {
  }
  EXPECT_TRUE(storage_damaged());
  // Its head too: then there is no database at all.
  store_.reset();
  file = std::fopen(path().c_str(), "r+b");
  std::fwrite("rubbish", 1, 7, file);
  std::fclose(file);
  EXPECT_THROW(open(), StorageError);
}

}  // namespace
}  // namespace chatterbox::sidecar

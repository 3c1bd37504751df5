// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The kinds of store there are, as tests open them.
#pragma once

#include <cstdlib>
#include <memory>

#ifdef CHATTERBOX_HAVE_LIBPQ
#include "jobs/postgres/postgres_store.h"
#endif
#include "jobs/sqlite/sqlite_store.h"
#include "support/temporary_directory.h"

namespace chatterbox::sidecar {

// A place for jobs that is empty at first.
class StoreKind {
 public:
  virtual ~StoreKind() = default;
  // A store on that place, as a server that has just been started opens it. What earlier ones had
  // begun has been given up.
  virtual std::unique_ptr<JobStore> open(const StoreLimits& limits, const Shares& shares) = 0;
};

class SqliteKind : public StoreKind {
 public:
  std::string path() const { return directory_.path("jobs.sqlite"); }
  std::unique_ptr<JobStore> open(const StoreLimits& limits, const Shares& shares) override {
    return std::make_unique<SqliteJobStore>(path(), limits, shares);
  }

 private:
  TemporaryDirectory directory_;
};

#ifdef CHATTERBOX_HAVE_LIBPQ
// In the database of CHATTERBOX_TEST_POSTGRES, which postgres.py makes.
class PostgresKind : public StoreKind {
 public:
  static std::string address() {
    const char* set = std::getenv("CHATTERBOX_TEST_POSTGRES");
    return set ? set : "";
  }
  PostgresKind() {
    PgConnection(address()).execute(
        "SET client_min_messages = warning; DROP SCHEMA IF EXISTS chatterbox CASCADE");
  }
  std::unique_ptr<JobStore> open(const StoreLimits& limits, const Shares& shares) override {
    auto store = open_postgres(limits, shares);
    PgConnection(address()).execute("UPDATE chatterbox.jobs SET lease_ms = 1 WHERE state = 1");
    store->expire();
    return store;
  }
  // What others have begun goes on.
  static std::unique_ptr<PostgresJobStore> open_postgres(const StoreLimits& limits,
                                                         const Shares& shares,
                                                         std::int64_t lease_ms = 30'000,
                                                         int model_leases = 10) {
    PostgresJobStore::Options options;
    options.address = address();
    options.lease_ms = lease_ms;
    options.workers = 3;
    options.model_leases = model_leases;
    return std::make_unique<PostgresJobStore>(options, limits, shares);
  }
};
#endif

}  // namespace chatterbox::sidecar

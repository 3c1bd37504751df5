// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/open_store.h"

#include "chatterbox/error.h"
#include "jobs/object_job_store.h"
#include "jobs/sqlite/sqlite_store.h"
#include "objects/open_objects.h"
#ifdef CHATTERBOX_HAVE_LIBPQ
#include "jobs/postgres/postgres_store.h"
#endif

namespace chatterbox::sidecar {
namespace {

StoreLimits store_limits(const Config& config) {
  StoreLimits limits;
  limits.queued = config.max_queue;
  limits.queued_bytes = std::int64_t(config.max_queue_mb) << 20;
  limits.kept = config.max_kept;
  limits.kept_bytes = std::int64_t(config.max_kept_mb) << 20;
  limits.result_ms = config.result_seconds * 1000LL;
  limits.sync_result_ms = config.sync_result_seconds * 1000LL;
  limits.most_ttl_ms = config.max_ttl_seconds * 1000LL;
  limits.attempts = config.attempts;
  limits.power_safe = config.durability == "power";
  return limits;
}

std::unique_ptr<JobStore> open_file(const std::string& path, const StoreLimits& limits,
                                    const Shares& shares) {
  try {
    return std::make_unique<SqliteJobStore>(path, limits, shares);
  } catch (const StorageError& error) {
    throw Error(ErrorCode::kBadFile, path + ": expected a database of jobs, got: " + error.what() +
                                         "; move it away to begin with an empty one");
  }
}

std::unique_ptr<JobStore> open_postgres([[maybe_unused]] const Config& config,
                                        [[maybe_unused]] const StoreLimits& limits,
                                        [[maybe_unused]] const Shares& shares) {
#ifdef CHATTERBOX_HAVE_LIBPQ
  PostgresJobStore::Options options;
  options.address = config.store;
  options.lease_ms = config.lease_seconds * 1000LL;
  options.workers = config.workers;
  // One for each thread that may ask.
  options.connections = config.workers + 6;
  try {
    return std::make_unique<PostgresJobStore>(options, limits, shares);
  } catch (const StorageError& error) {
    throw Error(
        ErrorCode::kNotFound,
        std::string("store: expected a PostgreSQL database that this server may use, got: ") +
            error.what());
  }
#else
  throw Error(ErrorCode::kInvalidArgument,
              "store: expected a server built with libpq for a PostgreSQL database, got one that "
              "was built without");
#endif
}

std::unique_ptr<JobStore> open_rows(const Config& config, const std::string& data_dir,
                                    const Shares& shares) {
  const StoreLimits limits = store_limits(config);
  if (config.store.empty()) return open_file(data_dir + "/jobs.sqlite", limits, shares);
  if (config.store.starts_with("postgresql://") || config.store.starts_with("postgres://"))
    return open_postgres(config, limits, shares);
  // The message leaves the setting out: it may hold a password.
  throw Error(ErrorCode::kInvalidArgument,
              "store: expected postgresql://..., or nothing for a file in data-dir, got another");
}

}  // namespace

std::unique_ptr<JobStore> open_store(const Config& config, const std::string& data_dir,
                                     const Shares& shares) {
  auto objects = open_objects(config);
  auto store = open_rows(config, data_dir, shares);
  if (!objects) return store;
  return std::make_unique<ObjectJobStore>(std::move(store), std::move(objects),
                                          std::size_t(config.objects_from_kb) << 10);
}

}  // namespace chatterbox::sidecar

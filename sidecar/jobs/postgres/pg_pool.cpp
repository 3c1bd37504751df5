// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/postgres/pg_pool.h"

#include "log.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kBetweenTries = std::chrono::milliseconds(300);
// For a connection that others have.
constexpr auto kMostWait = std::chrono::seconds(10);

}  // namespace

bool PgPool::available() {
  const std::lock_guard lock(mutex_);
  return !away_;
}

std::unique_ptr<PgConnection> PgPool::take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (away_) {
      if (refused_ || Clock::now() < next_try_)
        throw PgError("the database is away: " + why_, false);
      // The others are told that it is away while this one tries.
      next_try_ = Clock::now() + std::chrono::seconds(5);
    }
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->alive()) return connection;
      --open_;
    }
    if (open_ < most_) break;
    if (changed_.wait_for(lock, kMostWait) == std::cv_status::timeout)
      throw PgError("expected a connection to the database within 10 s, got none", false);
  }
  ++open_;
  lock.unlock();
  return connect();
}

std::unique_ptr<PgConnection> PgPool::connect() {
  try {
    auto connection = std::make_unique<PgConnection>(address_);
    found();
    return connection;
  } catch (const PgError& error) {
    {
      const std::lock_guard lock(mutex_);
      --open_;
      changed_.notify_one();
    }
    lost(error.what(), kBetweenTries);
    throw;
  }
}

void PgPool::give_back(std::unique_ptr<PgConnection> connection) {
  const std::lock_guard lock(mutex_);
  if (connection->broken())
    --open_;
  else
    idle_.push_back(std::move(connection));
  changed_.notify_one();
}

void PgPool::lost(const std::string& why, Clock::duration pause) {
  const std::lock_guard lock(mutex_);
  next_try_ = Clock::now() + pause;
  why_ = why;
  if (away_) return;
  away_ = true;
  away_since_ = Clock::now();
  log(Level::kWarning, "the database is away: " + why);
}

void PgPool::refuse(const std::string& why) {
  lost(why, {});
  const std::lock_guard lock(mutex_);
  refused_ = true;
  why_ = why;
}

void PgPool::found() {
  const std::lock_guard lock(mutex_);
  if (!away_ || refused_) return;
  away_ = false;
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - away_since_);
  log(Level::kInfo, "the database is back after " + std::to_string(since.count()) + " ms");
}

}  // namespace chatterbox::sidecar

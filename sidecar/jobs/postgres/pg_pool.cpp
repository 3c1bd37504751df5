// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/postgres/pg_pool.h"

#include <algorithm>

#include "log.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kBetweenTries = std::chrono::milliseconds(300);
// For a connection that others have.
constexpr auto kMostWait = std::chrono::seconds(10);
// A database that gives no more is asked for one again after this.
constexpr auto kBetweenAsking = std::chrono::seconds(2);

}  // namespace

bool PgPool::available() {
  const std::lock_guard lock(mutex_);
  return !away_;
}

std::unique_ptr<PgConnection> PgPool::take() {
  const auto end = Clock::now() + kMostWait;
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
    if (open_ == 0 || (open_ < most_ && Clock::now() >= next_new_)) {
      ++open_;
      lock.unlock();
      if (auto connection = connect()) return connection;
      lock.lock();
      continue;
    }
    changed_.wait_until(lock, open_ < most_ ? std::min(end, next_new_) : end);
    if (Clock::now() >= end)
      throw PgError("expected a connection to the database within 10 s, got none", false);
  }
}

std::unique_ptr<PgConnection> PgPool::connect() {
  try {
    auto connection = std::make_unique<PgConnection>(address_);
    found();
    return connection;
  } catch (const PgError& error) {
    std::unique_lock lock(mutex_);
    --open_;
    changed_.notify_one();
    // Others have one that works, for all we know: then there are too many, and theirs must do.
    if (open_ > 0 && !away_) {
      if (Clock::now() >= next_new_ + kBetweenAsking)
        log(Level::kWarning, std::string("the database gives no more connections, going on with ") +
                                 std::to_string(open_) + ": " + error.what());
      next_new_ = Clock::now() + kBetweenAsking;
      return nullptr;
    }
    lock.unlock();
    lost(error.what(), kBetweenTries);
    throw;
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --open_;
    changed_.notify_one();
    throw;
  }
}

void PgPool::give_back(std::unique_ptr<PgConnection> connection) noexcept {
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
  // Callers that wait for a connection are told.
  changed_.notify_all();
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

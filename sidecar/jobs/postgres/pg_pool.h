// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "jobs/postgres/pg_connection.h"

namespace chatterbox::sidecar {

// A few connections to one database, fewer where it gives no more. While it is away every call
// throws at once, but for one that tries again now and then. Any thread may call.
class PgPool {
 public:
  PgPool(std::string address, int most) : address_(std::move(address)), most_(most) {
    // Connections that come back have their place, also when memory has run out.
    idle_.reserve(std::size_t(most));
  }

  // Makes `call` with a connection; again when transactions stood in each other's way.
  template <class Call>
  auto with(Call call) {
    constexpr int kTries = 5;
    for (int tries = 1;; ++tries) {
      Use use(*this);
      try {
        auto value = call(*use.connection);
        // One of before may have outlived what the others have lost.
        found();
        return value;
      } catch (const PgError& error) {
        if (error.again() && tries < kTries) continue;
        if (use.connection->broken()) lost(error.what(), {});
        throw;
      }
    }
  }
  // Whether the database was there when it was asked last.
  bool available();
  // From now on every call throws: this server must not use the database any more.
  void refuse(const std::string& why);
  const std::string& address() const { return address_; }

 private:
  using Clock = std::chrono::steady_clock;
  // A connection while somebody has it.
  struct Use {
    explicit Use(PgPool& owner) : pool(owner), connection(owner.take()) {}
    ~Use() { pool.give_back(std::move(connection)); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    PgPool& pool;
    std::unique_ptr<PgConnection> connection;
  };
  std::unique_ptr<PgConnection> take();
  void give_back(std::unique_ptr<PgConnection> connection) noexcept;
  // Null: the database gives no more than others have.
  std::unique_ptr<PgConnection> connect();
  // The next try comes after `pause`.
  void lost(const std::string& why, Clock::duration pause);
  void found();

  const std::string address_;
  const int most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_, to the end.
  std::vector<std::unique_ptr<PgConnection>> idle_;
  int open_ = 0;
  bool away_ = false, refused_ = false;
  std::string why_;
  // `next_new_`: until then what is open must do.
  Clock::time_point away_since_, next_try_, next_new_{};
};

}  // namespace chatterbox::sidecar

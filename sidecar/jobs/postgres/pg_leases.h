// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "jobs/job_store.h"
#include "jobs/postgres/pg_pool.h"
#include "rounds.h"

namespace chatterbox::sidecar {

// The starts that this server works on: their leases are renewed three times in their time, and the
// worker of a lease that has run out, or is another server's, is told.
class PgLeases {
 public:
  using Clock = std::chrono::steady_clock;
  using Lost = std::function<void(const std::string& id, std::int64_t epoch)>;

  PgLeases(PgPool& pool, std::string server, int workers, std::int64_t lease_ms);

  void begin(Lost lost);
  // Sets the models of this server; the others are told with the next renewal.
  void offer(const std::vector<ModelOffer>& offers);
  // `asked`: before the statement that took the lease was sent.
  void hold(const std::string& id, std::int64_t epoch, Clock::time_point asked);
  // Throws nothing: a start that is held for too long is found lost.
  void drop(const std::string& id, std::int64_t epoch) noexcept;

 private:
  using Start = std::pair<std::string, std::int64_t>;
  void renew();
  void give_up_late();
  // Tells the worker of a start that its lease is lost, if the start is still held.
  void tell_lost(const Start& start);

  PgPool& pool_;
  const std::string server_;
  const int workers_;
  const std::chrono::milliseconds lease_;
  Lost lost_;
  std::mutex mutex_;
  // Guarded by mutex_: until when each start is ours, for all that we know.
  std::map<Start, Clock::time_point> held_;
  std::vector<ModelOffer> offers_;
  // Two threads, as a renewal may hang.
  std::optional<Rounds> renewing_, watching_;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "jobs/job_store.h"
#include "jobs/postgres/pg_pool.h"

namespace chatterbox::sidecar {

// The starts that this server works on: their leases are renewed three times in their time, and the
// worker of a lease that has run out, or is another server's, is told.
class PgLeases {
 public:
  using Clock = std::chrono::steady_clock;
  using Lost = std::function<void(const std::string& id, std::int64_t epoch)>;

  PgLeases(PgPool& pool, std::string server, int workers, std::int64_t lease_ms);
  ~PgLeases();
  PgLeases(const PgLeases&) = delete;
  PgLeases& operator=(const PgLeases&) = delete;

  void begin(Lost lost);
  // Sets the models of this server; the others are told with the next renewal.
  void offer(const std::vector<ModelOffer>& offers);
  // `asked`: before the statement that took the lease was sent.
  void hold(const std::string& id, std::int64_t epoch, Clock::time_point asked);
  void drop(const std::string& id, std::int64_t epoch);

 private:
  using Start = std::pair<std::string, std::int64_t>;
  void renew_loop();
  void renew();
  // In a thread of its own: a renewal may hang.
  void watch_loop();
  void give_up_late();
  // Tells the worker of a start that its lease is lost, if the start is still held.
  void tell_lost(const Start& start);

  PgPool& pool_;
  const std::string server_;
  const int workers_;
  const std::chrono::milliseconds lease_;
  Lost lost_;
  std::mutex mutex_;
  std::condition_variable end_;
  // Guarded by mutex_: until when each start is ours, for all that we know.
  std::map<Start, Clock::time_point> held_;
  std::vector<ModelOffer> offers_;
  bool ending_ = false;
  std::thread renewing_, watching_;
};

}  // namespace chatterbox::sidecar

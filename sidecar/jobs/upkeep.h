// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "jobs/job_store.h"

namespace chatterbox::sidecar {

// A thread for what waits for the disk or the clock: expiry, time limits, due
// webhooks, checkpoints of the database.
class Upkeep {
 public:
  struct Hooks {
    // Running jobs that time has ended.
    std::function<void(const std::vector<std::string>& ids)> stopped;
    // Each round: what else waits for the clock.
    std::function<void()> round;
  };
  Upkeep(JobStore& store, Hooks hooks);
  ~Upkeep();

 private:
  void loop();

  JobStore& store_;
  const Hooks hooks_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace chatterbox::sidecar

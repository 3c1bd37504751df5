// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "jobs/job_store.h"
#include "rounds.h"

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

 private:
  void make_round();

  JobStore& store_;
  const Hooks hooks_;
  int round_ = 0;  // of the thread
  Rounds rounds_;
};

}  // namespace chatterbox::sidecar

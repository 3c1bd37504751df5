// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/upkeep.h"

#include <malloc.h>

#include <chrono>

#include "barrier.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kRound = std::chrono::milliseconds(250);
constexpr int kRoundsPerCheckpoint = 4;
constexpr int kRoundsPerTrim = 8;

}  // namespace

Upkeep::Upkeep(JobStore& store, Hooks hooks)
    : store_(store), hooks_(std::move(hooks)), thread_([this] { loop(); }) {}

Upkeep::~Upkeep() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    end_.notify_all();
  }
  thread_.join();
}

void Upkeep::loop() {
  std::unique_lock lock(mutex_);
  for (int round = 0; !end_.wait_for(lock, kRound, [this] { return ending_; }); ++round) {
    lock.unlock();
    try {
      if (const auto ids = store_.expire(); !ids.empty()) hooks_.stopped(ids);
      hooks_.round();
      if (round % kRoundsPerCheckpoint == 0) store_.checkpoint();
    } catch (...) {
      // That it is away has been said once.
      if (store_.available()) log_exception("upkeep");
    }
    // Requests of many megabytes, and all that a synthesis makes on its way, leave holes that the
    // allocator keeps otherwise: some megabytes a second, up to a fifth of the process.
    if (round % kRoundsPerTrim == 0) malloc_trim(0);
    lock.lock();
  }
}

}  // namespace chatterbox::sidecar

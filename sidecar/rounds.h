// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "barrier.h"
#include "named_thread.h"

namespace chatterbox::sidecar {

// A thread that makes one round after the other, the first at once, until this object goes. The
// log tells of the first round that throws after one that did not; the next comes all the same.
class Rounds {
 public:
  using Pause = std::chrono::steady_clock::duration;

  // `round` returns how long it is until the next, which comes `after_failure` when it throws.
  Rounds(const char* name, Pause after_failure, std::function<Pause()> round)
      : name_(name),
        after_failure_(after_failure),
        round_(std::move(round)),
        thread_(named_thread(name, [this] { loop(); })) {}
  ~Rounds() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  // The next round is made soon. Any thread.
  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  // Whether the end is waited for: asked by a round that takes long.
  bool ending() {
    const std::lock_guard lock(mutex_);
    return ending_;
  }

 private:
  Pause make_round() noexcept {
    try {
      const Pause pause = round_();
      failed_ = false;
      return pause;
    } catch (...) {
      if (!failed_) log_exception(name_);
      failed_ = true;
      return after_failure_;
    }
  }
  void loop() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      woken_ = false;
      lock.unlock();
      const Pause pause = make_round();
      lock.lock();
      changed_.wait_for(lock, pause, [this] { return woken_ || ending_; });
    }
  }

  const char* const name_;
  const Pause after_failure_;
  const std::function<Pause()> round_;
  bool failed_ = false;  // of the thread
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  bool woken_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace chatterbox::sidecar

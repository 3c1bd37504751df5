// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <cstdint>

#include "chatterbox/error.h"
#include "turns.h"

namespace chatterbox {

// Whether an engine was asked to stop since a call began.
class Cancellation {
 public:
  // `at_start`: how many requests there had been when the call began.
  Cancellation(const std::atomic<std::uint64_t>& requests, std::uint64_t at_start)
      : requests_(requests), at_start_(at_start) {}

  bool requested() const { return requests_.load(std::memory_order_relaxed) != at_start_; }
  void check() const {
    if (requested()) throw Error(ErrorCode::kCancelled, "stopped by the caller");
  }

 private:
  const std::atomic<std::uint64_t>& requests_;
  std::uint64_t at_start_;
};

// A turn on the model, given up at the end of its scope and lent out meanwhile.
class Turn {
 public:
  // Waits; throws kCancelled.
  Turn(Turns& turns, const Cancellation& cancellation)
      : turns_(turns), cancellation_(cancellation) {
    begin();
  }
  ~Turn() {
    if (held_) turns_.end();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Runs `work`, which may block, while others have the model.
  template <typename Work>
  auto lend(Work&& work) {
    turns_.end();
    held_ = false;
    auto result = work();
    begin();
    return result;
  }

 private:
  void begin() {
    if (!turns_.begin([this] { return cancellation_.requested(); })) cancellation_.check();
    held_ = true;
  }

  Turns& turns_;
  const Cancellation& cancellation_;
  bool held_ = false;
};

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <utility>

namespace chatterbox {

// A fair queue for places at work: first come, first served. Engines on one model share the
// processor this way, one piece of speech at a time, instead of all becoming slow at once.
class Turns {
 public:
  // `places`: how many work at once, 1 or more.
  explicit Turns(int places = 1) : places_(places) {}

  // Blocks until it is the caller's turn; false when `stop` was requested first.
  bool begin(const std::stop_token& stop);
  void end();

  int places() const { return places_; }
  // Callers in the queue, without those whose turn it is.
  std::size_t waiting() const;

 private:
  const int places_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_. The front ticket may take a free place.
  std::deque<std::uint64_t> waiting_;
  std::uint64_t next_ticket_ = 0;
  int busy_ = 0;  // places
};

// A turn on the model, given up at the end of its scope and lent out meanwhile.
class Turn {
 public:
  // Waits; throws kCancelled.
  Turn(Turns& turns, std::stop_token stop) : turns_(turns), stop_(std::move(stop)) { begin(); }
  ~Turn() {
    if (held_) turns_.end();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Runs `work`, which may block, while others have the model.
  template <typename Work>
  auto lend(Work&& work) {
    if (companion_) companion_(false);
    turns_.end();
    held_ = false;
    auto result = work();
    begin();
    if (companion_) companion_(true);
    return result;
  }

  // The companion, which works at the same place, is told before the place is lent (false) and when
  // it is there again (true); null: none.
  void set_companion(std::function<void(bool held)> companion) {
    companion_ = std::move(companion);
  }

 private:
  void begin();

  Turns& turns_;
  const std::stop_token stop_;
  std::function<void(bool)> companion_;
  bool held_ = false;
};

// Throws kCancelled once `stop` is requested.
void check_stop(const std::stop_token& stop);

}  // namespace chatterbox

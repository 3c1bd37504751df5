// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

namespace chatterbox {

// A fair queue for one resource: whoever asked first goes first. Several
// engines on one model share the processor this way, one piece of speech at a
// time, instead of all becoming slow at once.
class Turns {
 public:
  // Blocks until it is the caller's turn. `give_up` is asked whenever wake() is
  // called and before waiting; when it says true the caller leaves the queue
  // and false is returned.
  bool begin(const std::function<bool()>& give_up);
  void end();
  // Makes waiting callers ask their `give_up` again.
  void wake();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_. The front ticket has the turn or may take it.
  std::deque<std::uint64_t> waiting_;
  std::uint64_t next_ticket_ = 0;
  bool busy_ = false;
};

}  // namespace chatterbox

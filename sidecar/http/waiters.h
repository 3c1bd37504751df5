// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace chatterbox::sidecar {

// Requests that wait for news of a job: long polls. Thread of the main loop only.
class Waiters {
 public:
  // Answers if it can; with `must` it does in any case. True: answered.
  using Attempt = std::function<bool(bool must)>;

  Waiters();

  // Tries at once, then whenever there is news of the job, and after
  // `milliseconds` for the last time.
  void add(const std::string& id, std::int64_t milliseconds, Attempt attempt);
  void news(const std::string& id);
  // Answers everyone: the server stops.
  void flush();

 private:
  struct Waiter {
    std::int64_t deadline_us;
    Attempt attempt;
  };
  void sweep();

  std::multimap<std::string, Waiter> waiting_;
};

}  // namespace chatterbox::sidecar

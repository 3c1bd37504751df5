// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace chatterbox::sidecar {

// Requests that wait for news of a job: long polls. Thread of the main loop only.
class Waiters {
 public:
  // Told, then or later, whether the request was answered.
  using Done = std::function<void(bool answered)>;
  // Answers if it can; with `must` it does in any case. Calls `done` once.
  using Attempt = std::function<void(bool must, Done done)>;

  Waiters();

  // Tries at once, then whenever there is news of the job, and after
  // `milliseconds` for the last time.
  void add(const std::string& id, std::int64_t milliseconds, Attempt attempt);
  // Without an id: of any job.
  void news(const std::string& id);
  // Answers everyone: the server stops.
  void flush();
  bool empty() const { return waiting_.empty(); }

 private:
  struct Waiter {
    std::string id;
    std::int64_t deadline_us;
    Attempt attempt;
    // An attempt is under way; there was news since it began.
    bool trying = false, again = false;
  };
  void try_once(const std::shared_ptr<Waiter>& waiter, bool must);
  void ended(const std::shared_ptr<Waiter>& waiter, bool answered);
  void forget(const std::shared_ptr<Waiter>& waiter);
  void sweep();

  std::multimap<std::string, std::shared_ptr<Waiter>> waiting_;
  bool missed_ = false;
};

}  // namespace chatterbox::sidecar

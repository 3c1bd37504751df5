// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace chatterbox {

// Threads that do one short job together, many times: a decoding step has some
// 150 phases of tens of microseconds, too short to wake threads for each. All
// run the same function and meet at barriers; they spin briefly before they
// sleep, since the next phase is usually near.
class Team {
 public:
  // The caller of run() is one of `size` members.
  explicit Team(int size);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  int size() const { return size_; }

  // Runs job(member) on every member, 0 being the caller, and returns when all
  // are done. `job` must not throw.
  void run(const std::function<void(int member)>& job);

  // Inside a job: returns when every member has come here.
  void barrier();

 private:
  void work(int member);

  int size_;
  const std::function<void(int)>* job_ = nullptr;  // published by start_
  std::atomic<std::uint32_t> start_{0};
  std::atomic<std::uint32_t> phase_{0};
  std::atomic<int> arrived_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// Hands out pieces 0, 1, ... of one phase to whichever member is free, so that
// a member that the system delays delays nobody else.
class WorkCounter {
 public:
  void reset() { next_.store(0, std::memory_order_relaxed); }
  std::int64_t take() { return next_.fetch_add(1, std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::int64_t> next_{0};
};

}  // namespace chatterbox

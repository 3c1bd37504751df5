// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace chatterbox {

// Threads that do one short job together, many times. A decoding step has some
// 150 phases of tens of microseconds, too short to wake threads for each; and a
// machine with other work suspends threads for milliseconds, too long to wait
// for one that is not needed. So every member walks through all phases of a
// job, each phase is shared out in pieces, and a phase is over when its pieces
// are done, whoever did them. A member that comes late finds nothing to do.
class Team {
 public:
  // The caller of run() is one of `size` members. `job` gets the member's
  // number, uses Phase alone to share work, and does not throw.
  Team(int size, std::function<void(int member)> job);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  int size() const { return int(threads_.size()) + 1; }

  // Runs the job on the caller and on those of the first `members` that are free; returns when the
  // caller's part is done. Other members may then still be leaving, and members that are leaving an
  // earlier run may join in.
  void run(int members);
  void run() { run(size()); }

 private:
  void work(int member);

  std::function<void(int)> job_;
  std::atomic<std::uint32_t> runs_{0};
  std::atomic<int> members_{1};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// One phase of a job. Runs of the job have numbers, so that a member still in
// an earlier run cannot take a piece of this one.
class Phase {
 public:
  // Called before Team::run(), by its caller.
  void reset(std::uint32_t run) {
    next_.store(std::uint64_t(run) << 32, std::memory_order_relaxed);
    done_.store(std::uint64_t(run) << 32, std::memory_order_release);
  }

  // Does pieces [0, count) together with the other members, and returns when
  // all are done or the run is over. What one member wrote here, all may read
  // afterwards; what a piece reads stays as it is until the piece is done.
  template <typename Work>
  void share(std::uint32_t run, std::int64_t count, const Work& work) {
    std::uint64_t next = next_.load(std::memory_order_acquire);
    while (is_before(next, run, count)) {
      if (!next_.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel)) continue;
      work(std::int64_t(next & kCountMask));
      const std::uint64_t done = done_.fetch_add(1, std::memory_order_acq_rel) + 1;
      if (!is_before(done, run, count)) done_.notify_all();
      next = next_.load(std::memory_order_acquire);
    }
    wait(run, count);
  }

 private:
  static constexpr std::uint64_t kCountMask = 0xffffffff;
  static bool is_before(std::uint64_t state, std::uint32_t run, std::int64_t count) {
    return state >> 32 == run && std::int64_t(state & kCountMask) < count;
  }
  void wait(std::uint32_t run, std::int64_t count);

  // Number of the run in the high half, count of pieces in the low half.
  alignas(64) std::atomic<std::uint64_t> next_{0};
  alignas(64) std::atomic<std::uint64_t> done_{0};
};

}  // namespace chatterbox

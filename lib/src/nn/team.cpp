// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/team.h"

#include <algorithm>

namespace chatterbox {
namespace {

// Some tens of microseconds, after which sleeping costs less than it saves.
constexpr int kSpins = 2000;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns when `value` is no longer `old`.
void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

Team::Team(int size) : size_(std::max(size, 1)) {
  for (int member = 1; member < size_; ++member) threads_.emplace_back([=, this] { work(member); });
}

Team::~Team() {
  stop_.store(true);
  start_.fetch_add(1, std::memory_order_release);
  start_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run(const std::function<void(int)>& job) {
  job_ = &job;
  start_.fetch_add(1, std::memory_order_release);
  start_.notify_all();
  job(0);
  barrier();
}

void Team::work(int member) {
  for (std::uint32_t seen = 0;; ++seen) {
    wait_for_change(start_, seen);
    if (stop_.load()) return;
    (*job_)(member);
    barrier();
  }
}

void Team::barrier() {
  const std::uint32_t phase = phase_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < size_) {
    wait_for_change(phase_, phase);
    return;
  }
  arrived_.store(0, std::memory_order_relaxed);
  phase_.store(phase + 1, std::memory_order_release);
  phase_.notify_all();
}

}  // namespace chatterbox

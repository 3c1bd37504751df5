// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/team.h"

namespace chatterbox {
namespace {

// Spins before sleeping: some tens of microseconds, after which sleeping costs less than it saves.
constexpr int kSpins = 2000;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Team::Team(int size, std::function<void(int)> job) : job_(std::move(job)) {
  for (int member = 1; member < size; ++member) threads_.emplace_back([=, this] { work(member); });
}

Team::~Team() {
  stop_.store(true);
  runs_.fetch_add(1, std::memory_order_release);
  runs_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run(int members) {
  if (members > 1) {
    members_.store(members, std::memory_order_relaxed);
    runs_.fetch_add(1, std::memory_order_release);
    runs_.notify_all();
  }
  job_(0);
}

void Team::work(int member) {
  for (std::uint32_t seen = 0;;) {
    for (int i = 0; i < kSpins && runs_.load(std::memory_order_acquire) == seen; ++i) pause();
    runs_.wait(seen, std::memory_order_acquire);
    seen = runs_.load(std::memory_order_acquire);
    if (stop_.load()) return;
    if (member < members_.load(std::memory_order_relaxed)) job_(member);
  }
}

void Phase::wait(std::uint32_t run, std::int64_t count) {
  for (int i = 0; i < kSpins; ++i) {
    if (!is_before(done_.load(std::memory_order_acquire), run, count)) return;
    pause();
  }
  for (std::uint64_t done; is_before(done = done_.load(std::memory_order_acquire), run, count);)
    done_.wait(done, std::memory_order_acquire);
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/share_out.h"

#include <atomic>
#include <memory>

#include "nn/team.h"
#include "nn/threads.h"

namespace chatterbox {
namespace {

using Work = std::function<void(std::int64_t)>;

// Helper threads of one calling thread.
class Crew {
 public:
  explicit Crew(int size) : team_(size, [this](int) { walk(); }) {}

  int size() const { return team_.size(); }

  void run(std::int64_t count, const Work& work, int threads) {
    const std::uint32_t run = run_.load(std::memory_order_relaxed) + 1;
    phase_.reset(run);
    work_ = &work;
    count_.store(count, std::memory_order_relaxed);
    run_.store(run, std::memory_order_release);
    team_.run(threads);
  }

 private:
  void walk() {
    const std::uint32_t run = run_.load(std::memory_order_acquire);
    phase_.share(run, count_.load(std::memory_order_relaxed), [&](std::int64_t i) { (*work_)(i); });
  }

  const Work* work_ = nullptr;
  // Atomic, as members that come late read them in vain.
  std::atomic<std::int64_t> count_{0};
  std::atomic<std::uint32_t> run_{0};
  Phase phase_;
  Team team_;  // last, as its threads use all of the above
};

}  // namespace

void share_out(std::int64_t count, const Work& work) {
  const int threads = kernel_threads();
  if (threads == 1 || count == 1) {
    for (std::int64_t i = 0; i < count; ++i) work(i);
    return;
  }
  thread_local std::unique_ptr<Crew> crew;
  if (!crew || crew->size() < threads) crew = std::make_unique<Crew>(threads);
  crew->run(count, work, threads);
}

}  // namespace chatterbox

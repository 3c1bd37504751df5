// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace chatterbox {

// Things that are dear to make and used by one caller at a time, kept for the
// next.
template <typename T>
class IdlePool {
 public:
  // One that nobody uses, or null.
  std::unique_ptr<T> take() {
    const std::lock_guard guard(lock_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<T> taken = std::move(idle_.back());
    idle_.pop_back();
    return taken;
  }
  void give_back(std::unique_ptr<T> used) {
    const std::lock_guard guard(lock_);
    if (idle_.size() < kMost) idle_.push_back(std::move(used));
  }

 private:
  // Callers are as many at once as there are places at work on the model, which a small model has
  // one of for each core; the memory of others is freed.
  static constexpr std::size_t kMost = 16;

  std::mutex lock_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace chatterbox

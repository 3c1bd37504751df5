// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace chatterbox {

// Pool of objects that are expensive to make and used by one caller at a time.
template <typename T>
class IdlePool {
 public:
  // An idle object, or null.
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
  // Objects kept: a small model serves one caller per core at once, and more would only hold
  // memory.
  static constexpr std::size_t kMost = 16;

  std::mutex lock_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace chatterbox

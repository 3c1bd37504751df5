// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace chatterbox::sidecar {

// Jobs whose results are on their way to somebody: their time may be over, but what was begun is
// sent whole. Any thread.
class HeldJobs {
 public:
  void add(const std::string& id) {
    const std::lock_guard lock(mutex_);
    ++readers_[id];
  }
  void remove(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto at = readers_.find(id);
    if (at != readers_.end() && --at->second <= 0) readers_.erase(at);
  }
  // While it is locked none is added, and so none that is not held now is about to be read.
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
  // With the lock held.
  bool has(const std::string& id) const { return readers_.contains(id); }
  std::vector<std::string> all() const {
    std::vector<std::string> ids;
    for (const auto& [id, count] : readers_) ids.push_back(id);
    return ids;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> readers_;
};

}  // namespace chatterbox::sidecar

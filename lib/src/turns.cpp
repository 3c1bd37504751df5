// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "turns.h"

#include <algorithm>

#include "chatterbox/error.h"

namespace chatterbox {

bool Turns::begin(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = next_ticket_++;
  waiting_.push_back(ticket);
  changed_.wait(lock, stop, [&] { return !busy_ && waiting_.front() == ticket; });
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
  if (stop.stop_requested()) {
    // Leaving may make somebody else the first.
    lock.unlock();
    changed_.notify_all();
    return false;
  }
  busy_ = true;
  return true;
}

void Turns::end() {
  {
    const std::lock_guard lock(mutex_);
    busy_ = false;
  }
  changed_.notify_all();
}

std::size_t Turns::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void Turn::begin() {
  held_ = turns_.begin(stop_);
  if (!held_) check_stop(stop_);
}

void check_stop(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped by the caller");
}

}  // namespace chatterbox

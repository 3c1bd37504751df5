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
  changed_.wait(lock, stop, [&] { return busy_ < places_ && waiting_.front() == ticket; });
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
  const bool stopped = stop.stop_requested();
  if (!stopped) ++busy_;
  lock.unlock();
  // Somebody else is the first now, and there may be another place.
  changed_.notify_all();
  return !stopped;
}

void Turns::end() {
  {
    const std::lock_guard lock(mutex_);
    --busy_;
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

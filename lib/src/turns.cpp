// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "turns.h"

#include <algorithm>

namespace chatterbox {

bool Turns::begin(const std::function<bool()>& give_up) {
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = next_ticket_++;
  waiting_.push_back(ticket);
  bool gave_up = false;
  changed_.wait(lock, [&] {
    gave_up = give_up();
    return gave_up || (!busy_ && waiting_.front() == ticket);
  });
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
  if (gave_up) {
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

void Turns::wake() {
  // The lock orders this after a waiter's check, so that no wake-up is lost.
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

}  // namespace chatterbox

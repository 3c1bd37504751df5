// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/waiters.h"

#include <limits>

#include "main_loop.h"

namespace chatterbox::sidecar {

Waiters::Waiters() {
  post_every(50, [this] { sweep(); });
}

void Waiters::add(const std::string& id, std::int64_t milliseconds, Attempt attempt) {
  if (attempt(milliseconds <= 0)) return;
  waiting_.emplace(id, Waiter{g_get_monotonic_time() + milliseconds * 1000, std::move(attempt)});
}

void Waiters::news(const std::string& id) {
  auto [at, end] = waiting_.equal_range(id);
  while (at != end) at = at->second.attempt(false) ? waiting_.erase(at) : std::next(at);
}

void Waiters::sweep() {
  const std::int64_t now = g_get_monotonic_time();
  for (auto at = waiting_.begin(); at != waiting_.end();)
    at = at->second.deadline_us <= now && at->second.attempt(true) ? waiting_.erase(at)
                                                                   : std::next(at);
}

void Waiters::flush() {
  for (auto& [id, waiter] : waiting_) waiter.attempt(true);
  waiting_.clear();
}

}  // namespace chatterbox::sidecar

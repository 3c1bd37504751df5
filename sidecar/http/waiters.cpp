// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/waiters.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "barrier.h"
#include "main_loop.h"

namespace chatterbox::sidecar {

Waiters::Waiters() {
  post_every(50, [this] { sweep(); });
}

void Waiters::add(const std::string& id, std::int64_t milliseconds, Attempt attempt) {
  const std::int64_t deadline_us = g_get_monotonic_time() + milliseconds * 1000;
  // It waits before it is tried: there may be news meanwhile.
  const auto waiter = std::make_shared<Waiter>(Waiter{id, deadline_us, std::move(attempt)});
  waiting_.emplace(id, waiter);
  try_once(waiter, milliseconds <= 0);
}

void Waiters::try_once(const std::shared_ptr<Waiter>& waiter, bool must) {
  if (must) waiter->deadline_us = 0;
  if (waiter->trying) {
    waiter->again = true;
    return;
  }
  waiter->trying = true;
  waiter->again = false;
  try {
    waiter->attempt(must, [this, waiter](bool answered) { ended(waiter, answered); });
  } catch (...) {
    // Its exchange, left without an answer, says so; others have their turn.
    log_exception("an attempt to answer");
    forget(waiter);
  }
}

void Waiters::ended(const std::shared_ptr<Waiter>& waiter, bool answered) {
  waiter->trying = false;
  if (!answered) {
    const bool late = waiter->deadline_us <= g_get_monotonic_time();
    if (late || waiter->again) try_once(waiter, late);
    return;
  }
  forget(waiter);
}

void Waiters::forget(const std::shared_ptr<Waiter>& waiter) {
  const auto [first, last] = waiting_.equal_range(waiter->id);
  const auto at =
      std::find_if(first, last, [&](const auto& entry) { return entry.second == waiter; });
  if (at != last) waiting_.erase(at);
}

void Waiters::news(const std::string& id) {
  // News that fail to come through are news for all, at the next sweep.
  missed_ = true;
  auto [first, last] = waiting_.equal_range(id);
  if (id.empty()) std::tie(first, last) = std::pair(waiting_.begin(), waiting_.end());
  std::vector<std::shared_ptr<Waiter>> concerned;
  for (auto at = first; at != last; ++at) concerned.push_back(at->second);
  missed_ = false;
  for (const auto& waiter : concerned) try_once(waiter, false);
}

void Waiters::sweep() {
  if (missed_) news("");
  const std::int64_t now = g_get_monotonic_time();
  std::vector<std::shared_ptr<Waiter>> late;
  for (const auto& [id, waiter] : waiting_)
    if (waiter->deadline_us <= now && !waiter->trying) late.push_back(waiter);
  for (const auto& waiter : late) try_once(waiter, true);
}

void Waiters::flush() {
  std::vector<std::shared_ptr<Waiter>> all;
  for (const auto& [id, waiter] : waiting_) all.push_back(waiter);
  for (const auto& waiter : all) try_once(waiter, true);
}

}  // namespace chatterbox::sidecar

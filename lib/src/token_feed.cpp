// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "token_feed.h"

#include <algorithm>
#include <utility>

#include "torch_guard.h"

namespace chatterbox {

TokenFeed::TokenFeed(Turns& turns, Make make, std::size_t ahead, const std::stop_token& stop)
    : ahead_(std::max<std::size_t>(ahead, 1)),
      relay_(stop, [this] { stop_.request_stop(); }),
      thread_([this, &turns, make = std::move(make)] { run(turns, make); }) {}

TokenFeed::~TokenFeed() {
  stop_.request_stop();
  thread_.join();
}

std::vector<TokenFeed::Token> TokenFeed::take(std::size_t count) {
  std::unique_lock lock(mutex_);
  wanted_ = count;
  changed_.notify_all();
  changed_.wait(lock, [&] { return ended_ || tokens_.size() >= count; });
  wanted_ = 0;
  if (tokens_.empty() && failure_) std::rethrow_exception(failure_);
  const auto end = tokens_.begin() + std::ptrdiff_t(std::min(count, tokens_.size()));
  std::vector<Token> taken(tokens_.begin(), end);
  tokens_.erase(tokens_.begin(), end);
  changed_.notify_all();
  return taken;
}

void TokenFeed::run(Turns& turns, const Make& make) {
  std::exception_ptr failure;
  try {
    with_torch([&] {
      Turn turn(turns, stop_.get_token());
      make([&](std::int64_t id, int text_position) {
        put({id, text_position}, turn);
        return true;
      });
    });
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  failure_ = std::move(failure);
  changed_.notify_all();
}

void TokenFeed::put(const Token& token, Turn& turn) {
  const std::stop_token stop = stop_.get_token();
  check_stop(stop);
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    tokens_.push_back(token);
    full = tokens_.size() >= std::max(ahead_, wanted_);
    changed_.notify_all();
  }
  // Others wait for their turn as long as they do for whoever speaks.
  if (!full && ++put_ % ahead_ != 0) return;
  turn.lend([&] {
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, stop, [&] { return tokens_.size() < std::max(ahead_, wanted_); });
  });
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "token_feed.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "torch_guard.h"

namespace chatterbox {

TokenFeed::TokenFeed(Turns& turns, Make make, std::size_t ahead, const std::stop_token& stop)
    : shared_(nullptr),
      relay_(stop, [this] { stop_.request_stop(); }),
      ahead_(std::max<std::size_t>(ahead, 1)) {
  start(&turns, std::move(make));
}

TokenFeed::TokenFeed(Turn& shared, Make make, const std::stop_token& stop)
    : shared_(&shared), relay_(stop, [this] { stop_.request_stop(); }), ahead_(0) {
  shared.set_companion([this](bool held) {
    const std::lock_guard lock(mutex_);
    lent_ = !held;
    changed_.notify_all();
  });
  start(nullptr, std::move(make));
}

TokenFeed::~TokenFeed() {
  stop_.request_stop();
  thread_.join();
  if (shared_) shared_->set_companion(nullptr);
}

void TokenFeed::start(Turns* turns, Make make) {
  thread_ = std::thread([this, turns, make = std::move(make)] { run(turns, make); });
}

std::vector<TokenFeed::Token> TokenFeed::take(std::size_t count) {
  std::unique_lock lock(mutex_);
  wanted_ = count;
  changed_.notify_all();
  changed_.wait(lock,
                [&] { return ended_ || (tokens_.size() >= count && !(shared_ && filling_)); });
  wanted_ = 0;
  if (tokens_.empty() && failure_) std::rethrow_exception(failure_);
  const auto end = tokens_.begin() + std::ptrdiff_t(std::min(count, tokens_.size()));
  std::vector<Token> taken(tokens_.begin(), end);
  tokens_.erase(tokens_.begin(), end);
  begin_to_fill();
  return taken;
}

void TokenFeed::set_ahead(std::size_t ahead) {
  const std::lock_guard lock(mutex_);
  ahead_ = ahead;
  begin_to_fill();
}

void TokenFeed::begin_to_fill() {
  filling_ = fills();
  busy_ = filling_ && !ended_;
  at_work_ = busy_;
  changed_.notify_all();
}

void TokenFeed::run(Turns* turns, const Make& make) {
  std::exception_ptr failure;
  try {
    with_torch([&] {
      std::optional<Turn> own;
      if (turns) own.emplace(*turns, stop_.get_token());
      make([&](std::int64_t id, int text_position) {
        put({id, text_position}, own ? &*own : nullptr);
        return true;
      });
    });
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  at_work_ = false;
  failure_ = std::move(failure);
  changed_.notify_all();
}

void TokenFeed::put(const Token& token, Turn* own) {
  const std::stop_token stop = stop_.get_token();
  check_stop(stop);
  bool wait = false, give_way = false;
  {
    const std::lock_guard lock(mutex_);
    tokens_.push_back(token);
    filling_ = fills();
    wait = !filling_ || lent_;
    if (wait) at_work_ = false;
    // Others wait for their turn as long as they do for an engine that speaks.
    give_way = own && (wait || ++put_ % ahead_ == 0);
    changed_.notify_all();
  }
  const auto wait_for_room = [&] {
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, stop, [&] { return fills() && !lent_; });
  };
  if (give_way)
    own->lend(wait_for_room);
  else if (wait)
    wait_for_room();
}

}  // namespace chatterbox

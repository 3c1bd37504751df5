// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "t3/t3.h"
#include "turns.h"

namespace chatterbox {

// Speech tokens that are made in a thread of their own while those before are spoken: the model
// that makes them waits for memory, the one that speaks them computes. The thread works at a place
// of its own, for which it takes turns like everybody, a few tokens at a time; or it shares the
// caller's, and rests while that is lent.
class TokenFeed {
 public:
  struct Token {
    std::int64_t id;
    int text_position;
  };
  // Makes all tokens, in the feed's thread; take() throws its exceptions.
  using Make = std::function<void(const TokenSink& sink)>;

  // `ahead`: how many tokens may wait to be taken. Asking `stop` ends the thread with kCancelled.
  TokenFeed(Turns& turns, Make make, std::size_t ahead, const std::stop_token& stop);
  // At the caller's place, which outlives the feed. Nothing is made ahead before set_ahead().
  TokenFeed(Turn& shared, Make make, const std::stop_token& stop);
  // Ends the thread, whatever it does.
  ~TokenFeed();
  TokenFeed(const TokenFeed&) = delete;
  TokenFeed& operator=(const TokenFeed&) = delete;

  // Waits for the next `count` tokens; fewer are the last, and none the end. At a shared place also
  // until the thread rests.
  std::vector<Token> take(std::size_t count);

  // Sets how many tokens may wait. At a shared place the thread makes as many in one go, when fewer
  // than half wait, so that the caller has the whole place in between.
  void set_ahead(std::size_t ahead);
  // The thread made tokens when take() or set_ahead() returned. At a shared place that depends on
  // what was taken alone, and not on how fast anybody is.
  bool busy() const { return busy_; }
  // The thread makes a token at this moment. May be asked by any thread.
  bool at_work() const { return at_work_.load(std::memory_order_relaxed); }

 private:
  void start(Turns* turns, Make make);
  void run(Turns* turns, const Make& make);
  void begin_to_fill();
  // In the thread.
  void put(const Token& token, Turn* own);
  bool fills() const {
    return tokens_.size() < std::max(shared_ && !filling_ ? ahead_ / 2 : ahead_, wanted_);
  }

  Turn* const shared_;  // null: the thread has a place of its own
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> relay_;  // from the caller's

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_.
  std::size_t ahead_;
  std::deque<Token> tokens_;
  bool filling_ = true;     // until as many wait as may
  bool lent_ = false;       // the shared place
  std::size_t wanted_ = 0;  // by take()
  bool ended_ = false;
  std::exception_ptr failure_;

  std::atomic<bool> at_work_{true};
  bool busy_ = false;    // the caller's own
  std::size_t put_ = 0;  // the thread's own
  std::thread thread_;   // last, as it uses all of the above
};

}  // namespace chatterbox

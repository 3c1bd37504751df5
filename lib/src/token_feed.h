// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

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
// that makes them waits for memory, the one that speaks them computes. The thread takes turns like
// everybody, a few tokens at a time.
class TokenFeed {
 public:
  struct Token {
    std::int64_t id;
    int text_position;
  };
  // Makes all of them, in the feed's thread; what it throws, take() throws.
  using Make = std::function<void(const TokenSink& sink)>;

  // `ahead`: how many tokens may wait to be taken. Asking `stop` ends the thread with kCancelled.
  TokenFeed(Turns& turns, Make make, std::size_t ahead, const std::stop_token& stop);
  // Ends the thread, whatever it does.
  ~TokenFeed();
  TokenFeed(const TokenFeed&) = delete;
  TokenFeed& operator=(const TokenFeed&) = delete;

  // Waits for the next `count` tokens; fewer are the last, and none the end.
  std::vector<Token> take(std::size_t count);

 private:
  void run(Turns& turns, const Make& make);
  // In the thread, with its turn.
  void put(const Token& token, Turn& turn);

  const std::size_t ahead_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> relay_;  // from the caller's

  std::mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_.
  std::deque<Token> tokens_;
  std::size_t wanted_ = 0;  // by take()
  bool ended_ = false;
  std::exception_ptr failure_;

  std::size_t put_ = 0;  // the thread's own
  std::thread thread_;   // last, as it uses all of the above
};

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <cstdint>
#include <map>
#include <string>

#include "shares.h"

namespace chatterbox::sidecar {

// Bounds the bytes that all requests, or all answers, hold in memory at once, and each owner's
// share of them. Small ones are not counted: the limit on connections bounds them. Thread of the
// main loop only.
class ByteBudget {
 public:
  // `name` tells budgets apart that a message takes part in.
  ByteBudget(const char* name, std::int64_t bytes, const Shares& shares)
      : name_(name), total_(bytes), shares_(shares) {}

  // Reserves more for this message; false when that is too much. An owner without any may always
  // take the rest: one request may be larger than a share. release() or the message's end gives its
  // bytes back.
  bool take(SoupServerMessage* message, const std::string& owner, std::int64_t bytes);
  void release(SoupServerMessage* message);
  std::int64_t used() const { return used_; }

 private:
  struct Part {
    ByteBudget& budget;
    std::string owner;
    std::int64_t bytes;
  };
  void give_back(const Part& part);

  const char* name_;
  const std::int64_t total_;
  const Shares& shares_;
  std::int64_t used_ = 0;
  std::map<std::string, std::int64_t> of_owner_;
};

}  // namespace chatterbox::sidecar

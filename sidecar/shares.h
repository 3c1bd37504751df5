// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace chatterbox::sidecar {

// Owner of all requests where there are no keys: the user at this machine.
inline constexpr const char* kLocalOwner = "local";
// Where there are keys: of requests without one, as far as those are answered.
inline constexpr const char* kNobody = "nobody";

// The owners that share the server: with several keys each may hold a part of every bounded thing,
// so that none can keep the others from it. Any thread may ask.
class Shares {
 public:
  // Number of keys; none counts as one.
  void set_owners(int count) { owners_ = std::max(1, count); }
  // One owner's share of `total`.
  std::int64_t of(std::int64_t total) const {
    return std::max<std::int64_t>(1, total / owners_.load());
  }

 private:
  std::atomic<int> owners_{1};
};

}  // namespace chatterbox::sidecar

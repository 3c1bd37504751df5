// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config.h"

namespace chatterbox::sidecar {

// Digests of the keys that clients may show. A key owns the jobs made with it, under a name derived
// from the key itself: lines of the file may change places.
class Keys {
 public:
  // From the file, the setting and so the environment. Throws Error when the
  // file cannot be read or holds no key.
  explicit Keys(const Config& config);
  // Reads them again. Throws like the constructor and then changes nothing.
  void reload();

  bool empty() const { return digests_.empty(); }
  int count() const { return int(digests_.size()); }
  // The owner that an Authorization header shows, as "Bearer KEY" or the bare key;
  // empty: none of ours. Takes the same time for any header of one length.
  std::string owner(std::string_view authorization) const;
  // Whether it shows the key that may see figures of everybody.
  bool may_measure(std::string_view authorization) const;

 private:
  const Config& config_;
  std::vector<std::string> digests_;
  std::string metrics_digest_;
};

}  // namespace chatterbox::sidecar

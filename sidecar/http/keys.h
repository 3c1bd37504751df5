// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config.h"

namespace chatterbox::sidecar {

// The keys that clients may show. Only digests are kept.
class Keys {
 public:
  // From the file, the setting and so the environment. Throws Error when the
  // file cannot be read or holds no key.
  explicit Keys(const Config& config);

  bool empty() const { return digests_.empty(); }
  // Which key an Authorization header shows, as "Bearer KEY" or the bare key;
  // -1: none of ours. Takes the same time for any header of one length.
  int match(std::string_view authorization) const;

 private:
  void add(std::string_view key);
  std::vector<std::string> digests_;
};

}  // namespace chatterbox::sidecar

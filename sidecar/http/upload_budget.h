// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <cstdint>

namespace chatterbox::sidecar {

// Bounds the bytes of all requests that are being received or read, so that many
// large ones at once do not fill the memory. Small requests are not counted: the
// limit on connections bounds them. Thread of the main loop only.
class UploadBudget {
 public:
  explicit UploadBudget(std::int64_t bytes) : left_(bytes) {}

  // Reserves more for this request; false when that is too much. What a request
  // has is given back by release(), or when it ends.
  bool take(SoupServerMessage* message, std::int64_t bytes);
  // The body has been dealt with.
  static void release(SoupServerMessage* message);

 private:
  struct Share {
    UploadBudget& budget;
    std::int64_t bytes;
  };
  std::int64_t left_;
};

}  // namespace chatterbox::sidecar

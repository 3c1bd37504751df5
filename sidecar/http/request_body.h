// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chatterbox::sidecar {

// The body of a request as it comes, in pieces. The reader joins them, as the main loop has no time
// to copy megabytes.
class RequestBody {
 public:
  RequestBody() = default;
  ~RequestBody() { drop(); }
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  // Keeps what comes of this message from now on, in libsoup's place.
  static void collect(SoupServerMessage* message);
  // The body collected for a message; empty when there is none. `forget` removes it from the
  // message.
  static std::shared_ptr<RequestBody> of(SoupServerMessage* message);
  static void forget(SoupServerMessage* message);

  // Drops the pieces that came, and those to come.
  void refuse();
  bool refused() const { return refused_; }
  std::int64_t size() const { return size_; }
  // The whole, which is then here no more. One thread, once the request has come.
  std::string take();

 private:
  void drop();
  void keep(GBytes* chunk);
  void close_joined();

  std::vector<GBytes*> pieces_;
  // Bytes after them that came in pieces too small to be kept as they are.
  std::string joined_;
  std::int64_t size_ = 0;
  // Bytes that came since others had their turn last.
  gsize came_ = 0;
  bool refused_ = false;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <set>

namespace chatterbox::sidecar {

// Bounds what clients hold open: how many connections, and how long one may take
// to say what it wants. Thread of the main loop only.
class ConnectionGuard {
 public:
  ConnectionGuard(SoupServer* server, int max_connections, int header_seconds, int body_seconds);
  int connections() const { return int(waits_.size()); }

 private:
  // One request from before its first byte on.
  struct Wait {
    ConnectionGuard* guard;
    SoupServerMessage* message;
    // Monotonic microseconds; 0: the server's turn.
    gint64 deadline_us;
  };

  void started(SoupServerMessage* message);
  void sweep();
  static void close(SoupServerMessage* message);

  int max_connections_;
  gint64 header_us_, body_us_;
  std::set<Wait*> waits_;
};

}  // namespace chatterbox::sidecar

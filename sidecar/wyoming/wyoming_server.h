// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gio/gio.h>

#include <string>

#include "http/server.h"

namespace chatterbox::sidecar {

// Speech for Home Assistant and other clients of the Wyoming protocol, on a port of its own. The
// protocol knows no keys: every client speaks as this machine's own user. For the thread of the
// main loop; lives as long as the process, as clients' threads do.
class WyomingServer {
 public:
  // `address`: as the setting `wyoming`, "127.0.0.1:10200". Throws Error when it cannot be used.
  WyomingServer(Services& services, const std::string& address);
  ~WyomingServer();
  std::string address() const;

 private:
  void serve(GSocketConnection* connection);
  void leave();

  Services& services_;
  GSocketService* service_;
  GSocketAddress* bound_ = nullptr;
  int clients_ = 0;  // the main loop's
};

// Talks with one client until it leaves; in a thread of its own.
void serve_wyoming(Services& services, GSocketConnection* connection);

}  // namespace chatterbox::sidecar

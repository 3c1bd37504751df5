// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gio/gio.h>

#include <string>
#include <vector>

namespace chatterbox::sidecar {

// Where results may be sent. A stranger names the address, and this machine can reach what the
// stranger cannot: other services on it and its neighbours.
class WebhookPolicy {
 public:
  // The setting `webhooks`: "all" (every address of the Internet), "any" (those of this machine
  // and its networks too), "none", or hosts separated by commas, wherever they are.
  explicit WebhookPolicy(const std::string& setting);

  // Whether the address may be asked for.
  bool allows(const std::string& address) const;
  // The same for what its name turned out to stand for.
  bool allows_peer(GInetAddress* peer) const;

 private:
  bool enabled_ = true;
  bool private_too_ = false;
  std::vector<std::string> hosts_;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <string>

#include "config.h"
#include "http/keys.h"
#include "http/routes.h"

namespace chatterbox::sidecar {

// Access rights, told by the headers of a request.
class Access {
 public:
  Access(const Config& config, const Keys& keys) : config_(config), keys_(keys) {}

  // Web pages of others reach a server on this machine through its user's browser. Without keys
  // only pages of our own address, and those of the setting, may ask; requests by any name but
  // "localhost" are refused, as a name may be bound to this address by anybody. Sets the headers
  // that browsers want. False: 403.
  bool allow_page(SoupServerMessage* message) const;
  // Owner of the request; empty: nobody with a right to this route (401).
  std::string owner(SoupServerMessage* message, const Route* route) const;

 private:
  bool origin_allowed(const std::string& origin) const;
  bool own_page(SoupServerMessage* message, const std::string& origin) const;
  static bool host_fits(SoupServerMessage* message);

  const Config& config_;
  const Keys& keys_;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "models/digest.h"

namespace chatterbox::cli {

// Why a file did not come.
struct HubError : std::runtime_error {
  enum class Kind {
    kOffline,  // no way to the server
    kBroken,   // it began, or may go better next time
    kRefused,  // asking again does not help
  };
  HubError(Kind why, const std::string& message, int wait = 0)
      : std::runtime_error(message), kind(why), wait_seconds(wait) {}
  Kind kind;
  int wait_seconds;  // that the server asks for before the next attempt
};

// A server's answer about a file, before its bytes.
struct HubAnswer {
  std::int64_t first = 0;   // where in the file the bytes that follow belong
  std::int64_t whole = -1;  // length of the file; -1 where it does not say
  ContentDigest digest;     // by the hub itself, not by those that it sends us on to
};

// Asks the hub ($HF_ENDPOINT, else huggingface.co) for files, with $HF_TOKEN and through the
// proxies of the environment. One thread.
class HubClient {
 public:
  HubClient();

  std::string address(const std::string& repository, const std::string& revision,
                      const std::string& file) const;

  using Begin = std::function<void(const HubAnswer&)>;
  // Takes bytes; false: no more are wanted.
  using Sink = std::function<bool(const char* data, std::size_t size)>;
  // The bytes of `address` from `from` on, as far as they come: an end before the file's is only
  // told by their number. Throws HubError; what the functions throw goes through.
  void get(const std::string& address, std::int64_t from, const Begin& begin, const Sink& sink);

  const std::string& endpoint() const { return endpoint_; }

 private:
  std::string endpoint_;
  std::string token_;
  std::unique_ptr<SoupSession, void (*)(gpointer)> session_;
};

}  // namespace chatterbox::cli

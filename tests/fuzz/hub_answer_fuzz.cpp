// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "models/digest.h"

// What a server says of a file in its headers: a digest of the right length, or none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatterbox::cli;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const ContentDigest digest = parse_etag(text);
  const std::size_t length = digest.kind == ContentDigest::Kind::kNone     ? 0
                             : digest.kind == ContentDigest::Kind::kSha256 ? 64
                                                                           : 40;
  if (digest.hex.size() != length) std::abort();
  if (digest.hex.find_first_not_of("0123456789abcdef") != std::string::npos) std::abort();
  const int seconds = parse_retry_after(text, 60);
  if (seconds < 0 || seconds > 60) std::abort();
  return 0;
}

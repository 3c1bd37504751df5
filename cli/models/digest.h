// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

namespace chatterbox::cli {

// Digest that a file must have, by a listing or the hub.
struct ContentDigest {
  enum class Kind {
    kNone,
    kSha256,
    kGitBlob
  };  // kGitBlob: of small files that the hub keeps in git
  Kind kind = Kind::kNone;
  std::string hex;  // lower case
};

// Digest in an ETag of the hub: "\"64 hexadecimal digits\"", 40 digits for a blob of git, weak or
// not. Any other ETag says nothing about the content.
ContentDigest parse_etag(const std::string& etag);

// Seconds that a Retry-After header asks for, at most `most`; 0 for what is no number.
int parse_retry_after(const std::string& value, int most);

// The digest of a file. Throws kNotFound.
std::string digest_of_file(const std::string& path, ContentDigest::Kind kind);

}  // namespace chatterbox::cli

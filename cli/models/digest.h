// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

namespace chatterbox::cli {

// What the content of a file must come to: as a listing or the hub says.
struct ContentDigest {
  enum class Kind {
    kNone,
    kSha256,
    kGitBlob
  };  // kGitBlob: of small files that the hub keeps in git
  Kind kind = Kind::kNone;
  std::string hex;  // lower case
};

// What an ETag of the hub says: "\"64 hexadecimal digits\"", of 40 digits for a blob of git, weak
// or not. Anything else is an ETag of somebody else, and says nothing of the content.
ContentDigest parse_etag(const std::string& etag);

// Seconds that a Retry-After header asks for, at most `most`; 0 for what is no number.
int parse_retry_after(const std::string& value, int most);

// The digest of a file. Throws kNotFound.
std::string digest_of_file(const std::string& path, ContentDigest::Kind kind);

}  // namespace chatterbox::cli

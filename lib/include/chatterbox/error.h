// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
namespace chatterbox {

// Every failure the library reports. Hosts translate these with one table.
enum class ErrorCode {
  kInvalidArgument,  // the caller's value is out of range or malformed
  kNotFound,         // a file, voice or device does not exist
  kBadFile,          // a file exists but its contents are not what they must be
  kOutOfMemory,      // memory of the device is exhausted
  kCancelled,        // the caller asked to stop; nothing is broken
  kModelFailure,     // inference itself failed; another seed may succeed
};

const char* to_string(ErrorCode code);

// True when the same call may succeed if tried again with another seed.
bool is_recoverable(ErrorCode code);

// The only exception that leaves the library on purpose. The message says what
// was expected and what was found.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace chatterbox
#pragma GCC visibility pop

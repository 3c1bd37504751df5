// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/error.h"

namespace chatterbox {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid argument";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kBadFile:
      return "bad file";
    case ErrorCode::kOutOfMemory:
      return "out of memory";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kModelFailure:
      return "model failure";
  }
  return "unknown error";
}

bool is_recoverable(ErrorCode code) { return code == ErrorCode::kModelFailure; }

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "check_range.h"

#include <sstream>

#include "chatterbox/error.h"

namespace chatterbox {

void check_range(const char* name, double value, const Range& range) {
  // Written so that NaN fails too.
  if (value >= range.low && value <= range.high) return;
  std::ostringstream message;
  message << name << ": expected " << range.low << " to " << range.high << ", got " << value;
  throw Error(ErrorCode::kInvalidArgument, message.str());
}

}  // namespace chatterbox

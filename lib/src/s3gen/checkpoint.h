// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>

namespace chatterbox {

// Called between steps of long work; throws to end it. May be empty.
using Checkpoint = std::function<void()>;

}  // namespace chatterbox

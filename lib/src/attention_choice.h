// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "config.h"

namespace chatterbox {

// What the decoder's attention sees: of speech that is made at once, and of speech that is heard
// while it is made.
struct AttentionChoice {
  FlowAttention whole = FlowAttention::kFull;
  FlowAttention streaming = FlowAttention::kFull;
};

// What ModelOptions::attention, `wanted`, means for a model. Throws kInvalidArgument.
AttentionChoice choose_attention(const std::string& wanted, FlowAttention trained,
                                 c10::Device device);

}  // namespace chatterbox

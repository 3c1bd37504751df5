// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "config.h"

namespace chatterbox {

// Attention masks of the decoder, for speech that is made at once and for speech that is heard
// while it is made.
struct AttentionChoice {
  FlowAttention whole = FlowAttention::kFull;
  FlowAttention streaming = FlowAttention::kFull;
};

// Masks for a model, by ModelOptions::attention, `wanted`. Throws kInvalidArgument.
AttentionChoice choose_attention(const std::string& wanted, FlowAttention trained,
                                 c10::Device device);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "attention_choice.h"

#include "chatterbox/error.h"

namespace chatterbox {

AttentionChoice choose_attention(const std::string& wanted, FlowAttention trained,
                                 c10::Device device) {
  if (wanted == "full") return {FlowAttention::kFull, FlowAttention::kFull};
  if (wanted == "chunk") return {FlowAttention::kChunk, FlowAttention::kChunk};
  if (!wanted.empty() && wanted != "auto")
    throw Error(ErrorCode::kInvalidArgument,
                "attention: expected \"auto\", \"full\" or \"chunk\", got \"" + wanted + "\"");
  // With full attention a processor computes prompt and recent speech again for each chunk, ten
  // times the work of the chunk itself.
  return {trained, device.is_cpu() ? FlowAttention::kChunk : trained};
}

}  // namespace chatterbox

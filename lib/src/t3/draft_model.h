// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/layers.h"
#include "t3/transformer.h"

namespace chatterbox {

// Copy of a model in rows of int8, which takes a quarter of the time to read. It guesses tokens
// that the model itself then confirms or corrects (lookahead.h).
struct DraftModel {
  DraftModel(const Transformer& exact, const Linear& exact_speech_head)
      : transformer(exact.in_int8()), speech_head(exact_speech_head.in_int8()) {}

  Transformer transformer;
  Linear speech_head;
};

}  // namespace chatterbox

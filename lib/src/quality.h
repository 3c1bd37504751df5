// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "chatterbox/options.h"
#include "config.h"

namespace chatterbox {

// Settings that ModelOptions::quality stands for.
struct Quality {
  // Types on a processor, and on another device.
  const char *dtype, *dtype_elsewhere;
  const char* attention;
  int guided_steps;  // of a guided flow; 0: as the model is made for
};

// Throws kInvalidArgument for a name that is none; an empty one is "balanced".
const Quality& find_quality(const std::string& name);

// The caller's options, where those left to "auto" are as the quality has them.
ModelOptions with_quality(ModelOptions options, bool on_processor);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include "chatterbox/audio.h"

namespace chatterbox {

// The samples as a float32 tensor (L) of their own.
at::Tensor to_tensor(const Audio& audio);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// Without the quiet at both ends, as librosa.effects.trim: frames of 2048
// samples every 512 count as quiet when they are `top_db` or more below the
// loudest. Waveform (L) float32 -> a view (L').
at::Tensor trim_silence(const at::Tensor& wave, double top_db);

}  // namespace chatterbox

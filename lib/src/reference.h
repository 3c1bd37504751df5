// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include "audio/mel.h"
#include "chatterbox/audio.h"
#include "conditionals.h"
#include "config.h"
#include "s3gen/checkpoint.h"
#include "s3gen/xvector.h"
#include "s3tokenizer/s3tokenizer.h"
#include "voice_encoder/voice_encoder.h"

namespace chatterbox {

// The recording as each model hears it; waveforms (L) float32. Upstream brings
// everything to 24 kHz first, and from there to 16 kHz in two different ways,
// whose difference is large enough to change tokens.
struct ReferenceWaves {
  at::Tensor decoder_24k;  // first 10 s: the decoder's prompt
  at::Tensor decoder_16k;  // the same through resample_sinc
  at::Tensor speaker_16k;  // the whole recording through resample
  at::Tensor prompt_16k;   // its first 6 s, or 15 s: T3's prompt
};

// Throws kInvalidArgument for no more than voice.min_seconds, a bad rate, or
// samples that are not finite.
ReferenceWaves prepare_reference(const Audio& reference, const ModelConfig& config);

// Mel of the decoder's prompt, (1, frames, 80), 50 frames/s.
at::Tensor decoder_prompt_mel(const at::Tensor& wav24k);

// A recording of one speaker -> what the model needs to speak like them.
Conditionals make_conditionals(const Audio& reference, const VoiceEncoder& voice_encoder,
                               const S3Tokenizer& tokenizer, const XVector& xvector,
                               const ModelConfig& config, const Checkpoint& checkpoint = {});

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// Scale after the mel filters.
enum class MelScale {
  kLinear,   // as it is
  kNatural,  // ln, floor 1e-5
  kWhisper,  // log10, floor 8 below the loudest, moved to about [-1, 1.5]
};

// One front end. The three of Chatterbox differ only in these values.
struct MelParams {
  int rate_hz = 16000;
  int window_samples = 400;
  int hop_samples = 160;
  int mels = 80;
  double top_hz = 8000;
  // Mirrored at either end before the first and after the last sample.
  int edge_samples = 200;
  // Magnitudes are squared; otherwise taken as sqrt(|X|^2 + 1e-9).
  bool power = true;
  // Whisper computes one frame more than it keeps.
  bool drop_last_frame = false;
  MelScale scale = MelScale::kLinear;
};

// 100 frames/s of squared magnitudes.
MelParams voice_encoder_mel(int mels);
// 100 frames/s, four per speech token.
MelParams tokenizer_mel(int mels);
// 50 frames/s at 24 kHz, two per speech token; the decoder's own kind of mel.
MelParams prompt_mel(int mels = 80);

// Triangular filters of equal area on Slaney's scale, as librosa.filters.mel:
// (mels, window/2 + 1) float32.
at::Tensor slaney_filters(const MelParams& params);

class Mel {
 public:
  explicit Mel(const MelParams& params);

  // Waveform (L) float32 on the processor -> (mels, frames). Throws
  // kInvalidArgument when there are too few samples for one window.
  at::Tensor operator()(const at::Tensor& wave) const;

 private:
  MelParams params_;
  at::Tensor window_;   // (window)
  at::Tensor filters_;  // (mels, window/2 + 1)
};

}  // namespace chatterbox

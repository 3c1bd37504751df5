// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// Kaldi's log mel filterbank at 16 kHz with the figures that
// torchaudio.compliance.kaldi.fbank starts from: frames of 25 ms every 10 ms
// that fit whole, no dither, mean removed, pre-emphasis 0.97, Povey window,
// 512-point spectrum, filters from 20 Hz to 8 kHz on the HTK scale.
class KaldiFbank {
 public:
  explicit KaldiFbank(int mels);

  // Waveform (L) float32 on the processor, L >= 400 -> (frames, mels). Throws
  // kInvalidArgument for less.
  at::Tensor operator()(const at::Tensor& wave) const;

 private:
  at::Tensor window_;   // (400)
  at::Tensor filters_;  // (257, mels)
};

}  // namespace chatterbox

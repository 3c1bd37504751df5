// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include "audio/fbank.h"
#include "config.h"
#include "nn/layers.h"
#include "nn/weights.h"
#include "s3gen/xvector_layers.h"

namespace chatterbox {

// Speaker encoder of the decoder: CAM++ (https://arxiv.org/abs/2303.00332), a densely connected
// time-delay network with context-aware masks behind a small two-dimensional convolutional head.
class XVector {
 public:
  // `weights` is the "speaker_encoder" scope of s3gen.safetensors. Computes in
  // float32 always.
  XVector(const Weights& weights, const XVectorConfig& config);

  // Waveform (L) float32 at 16 kHz, L >= 400 -> (1, V) on the processor.
  at::Tensor embed(const at::Tensor& wav16k) const;

  // Kaldi filterbank with its mean over time removed, (frames, features).
  at::Tensor features(const at::Tensor& wav16k) const;

 private:
  KaldiFbank fbank_;
  xvector::Head head_;
  Conv1d tdnn_;
  BatchNorm tdnn_norm_;
  std::vector<xvector::DenseBlock> blocks_;
  BatchNorm out_norm_;
  Conv1d dense_;
  BatchNorm dense_norm_;
};

}  // namespace chatterbox

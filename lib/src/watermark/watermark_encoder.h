// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <vector>

#include "nn/weights.h"

namespace chatterbox {

// The network that decides how much each bin of each frame changes: seven convolutions over time.
//
// Upstream's look three frames ahead, each; a mark for this frame would have to wait for 15 more.
// A mean over a neighbourhood is most of what they compute, so here each treats the present frame
// as if it lasted: models/convert_watermark.py has added the taps over the future to the tap over
// the present. That makes them causal, and four taps are less work than seven. docs/watermark.md
// says what it costs.
class WatermarkEncoder {
 public:
  explicit WatermarkEncoder(const Weights& weights);

  // State that earlier frames leave for later ones.
  struct Memory {
    // The last frames (kTaps - 1, kHidden) that each convolution saw; zeros before the first.
    std::vector<at::Tensor> seen;
  };
  Memory begin() const;

  // levels (frames, 128) -> changes of those levels (frames, 128)
  at::Tensor operator()(const at::Tensor& levels, Memory& memory) const;

 private:
  struct Layer {
    at::Tensor weight;  // (taps * in, out)
    at::Tensor bias;    // (out)
  };
  Layer first_, last_;
  std::vector<Layer> middle_;
};

}  // namespace chatterbox

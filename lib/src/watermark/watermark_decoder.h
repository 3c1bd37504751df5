// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <vector>

#include "nn/layers.h"
#include "nn/weights.h"

namespace chatterbox {

// The network that hears the mark: three stacks of convolutions, which see the recording stretched
// to 5/4, as it is, and compressed to 3/4, so that a change of speed does not hide it. Each says
// for every frame how likely a mark is and how much it is to be believed.
class WatermarkDecoder {
 public:
  explicit WatermarkDecoder(const Weights& weights);

  static constexpr int kBranches = 3;
  // Frames on either side that what is said about a frame depends on, at most.
  static constexpr std::int64_t kContext = 24;

  // Sums over frames that are not silent; sums of several stretches of a recording add up.
  struct Evidence {
    struct Branch {
      double marked = 0, believed = 0, frames = 0;
    };
    std::array<Branch, kBranches> branches;

    Evidence& operator+=(const Evidence& other);
    // As upstream combines the branches: by the softmax of how much each is believed. Not
    // confined to [0, 1]; 0 when nothing was heard.
    double confidence() const;
  };

  // levels (frames, 128); loud (frames): 1 where a mark can be, else 0. Counts only what is said
  // about frames [begin, end); the others are context.
  Evidence operator()(const at::Tensor& levels, const at::Tensor& loud, std::int64_t begin,
                      std::int64_t end) const;

 private:
  struct Branch {
    double speed;
    std::vector<Conv1d> layers;
  };
  std::vector<Branch> branches_;
};

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/dot_attention.h"

namespace chatterbox {

at::Tensor dot_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const at::Tensor& bias) {
  const at::Tensor scores = bias.defined() ? at::baddbmm(bias.unsqueeze(0), q, k.transpose(1, 2))
                                           : at::bmm(q, k.transpose(1, 2));
  return at::bmm(at::softmax(scores, -1), v);
}

}  // namespace chatterbox

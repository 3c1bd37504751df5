// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// softmax(q k^T + bias) v for queries already scaled. q (R, n, d), k and v
// (R, m, d), bias (n, m) or undefined: none. Returns (R, n, d).
at::Tensor dot_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const at::Tensor& bias);

}  // namespace chatterbox

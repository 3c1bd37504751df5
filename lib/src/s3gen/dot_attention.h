// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

namespace chatterbox {

// softmax(q k^T + bias) v for queries already scaled. q (B, H, n, d), k and v
// (B, H, m, d), strided as they come, bias (n, m) or undefined: none. Returns
// (B, n, H d), heads side by side. A query's result does not depend on which
// other queries are asked with it.
at::Tensor dot_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const at::Tensor& bias);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/attention.h"
#include "t3/transformer.h"

namespace chatterbox {

// Transformer::prefill() on the processor: fills the cache from weights in their stored type,
// without a wider copy of them. x (rows, T, hidden) float32.
void raw_prefill(const Transformer& transformer, const at::Tensor& x, KvCache& cache, int threads);

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "nn/attention.h"
#include "t3/transformer.h"

namespace chatterbox {

// What Transformer::prefill() leaves in the cache, on the processor and in the type that the
// weights are stored in, of which no wider copy is made. x (rows, T, hidden) float32.
void raw_prefill(const Transformer& transformer, const at::Tensor& x, KvCache& cache, int threads);

}  // namespace chatterbox

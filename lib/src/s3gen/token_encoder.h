// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "audio/speech_frames.h"
#include "config.h"
#include "nn/layers.h"
#include "nn/packed_layer.h"
#include "nn/weights.h"
#include "s3gen/causal_conv.h"
#include "s3gen/relative_attention.h"

namespace chatterbox {

// Lookahead of an encoder output, in speech tokens.
inline constexpr std::int64_t kLookaheadTokens = 3;

// Embedded speech tokens (25/s) to features of mel frames (50/s): a look at
// three tokens ahead, a conformer without convolutions at the token rate,
// upsampling, and another at the frame rate.
class TokenEncoder {
 public:
  // State of earlier tokens when speech is encoded piece by piece.
  struct Cache {
    at::Tensor lookahead, upsampling;   // contexts of the two causal convolutions
    std::vector<KeyValueCache> layers;  // token rate, then frame rate

    void seal();
    std::int64_t bytes() const;
  };

  // Drops all but the first and the last tokens from attention's caches.
  void keep(Cache& cache, std::int64_t first, std::int64_t last) const;

  // `products` is the type of the layers' products on the processor, kFloat or kBFloat16.
  TokenEncoder(const Weights& weights, const TokenEncoderConfig& config,
               at::ScalarType products = at::kFloat);
  ~TokenEncoder();

  // x (T + ahead, size) -> (2 T, size). The last `ahead` tokens, at most three, are lookahead only;
  // missing ones are zeros, as at the end of an utterance. `cache` holds everything before x and is
  // extended; null: x is the beginning. `groups` are the ends, in tokens, of the spans that
  // attention is limited to; empty: T.
  at::Tensor operator()(const at::Tensor& x, std::int64_t ahead, Cache* cache,
                        const std::vector<std::int64_t>& groups) const;

 private:
  struct Embed;
  struct Layer;
  // A convolution whose products are those of a packed layer.
  struct Convolution {
    Convolution(CausalConv conv, at::ScalarType products);
    // x (T, size) -> (T, out); `context` as CausalConv has it.
    at::Tensor operator()(const at::Tensor& x, at::Tensor* context) const;

    CausalConv windows;  // without its weight
    PackedLayer layer;
  };

  at::Tensor look_ahead(const at::Tensor& x, std::int64_t ahead, Cache* cache) const;
  at::Tensor upsample(const at::Tensor& x, Cache* cache) const;

  std::int64_t size_;
  std::unique_ptr<const Embed> embed_, up_embed_;
  Convolution ahead_conv_, behind_conv_, up_conv_;
  std::vector<std::unique_ptr<const Layer>> layers_, up_layers_;
  LayerNorm after_norm_;
};

// 0 where a position may look and -inf where not, (T, T): each sees its own
// group and those before. Undefined for fewer than two groups.
at::Tensor group_bias(const std::vector<std::int64_t>& group_ends, std::int64_t frames_per_token,
                      const at::TensorOptions& options);

}  // namespace chatterbox

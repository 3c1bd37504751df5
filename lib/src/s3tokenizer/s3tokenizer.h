// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "audio/mel.h"
#include "config.h"
#include "nn/layers.h"
#include "nn/packed_layer.h"
#include "nn/row_convolution.h"
#include "nn/weights.h"
#include "s3tokenizer/fsmn_attention.h"

namespace chatterbox {

// Mel frames that the tokenizer hears per token; s3gen makes kFramesPerToken of another mel.
inline constexpr std::int64_t kHeardFramesPerToken = 4;

// Speech to 25 tokens/s (S3 tokenizer v2, https://arxiv.org/abs/2412.10117): a
// Whisper-like encoder whose output is squeezed to a few dimensions, each
// rounded to one of three levels; a token is those levels read as digits.
class S3Tokenizer {
 public:
  // `weights` is the "tokenizer" scope of s3gen.safetensors. A recording is read in float32 always:
  // rounding turns small differences into other tokens, and voices are kept. Speech without an end
  // is heard in bfloat16 where the model is that and the processor multiplies it.
  S3Tokenizer(const Weights& weights, const S3TokenizerConfig& config);

  // Waveform (L) float32 at 16 kHz, L > 200 -> (1, N) int64 on the processor.
  // `max_tokens` bounds N; the levels are still those of the whole recording.
  at::Tensor tokenize(const at::Tensor& wav16k, std::optional<int> max_tokens = {}) const;

  // State that earlier tokens leave for later ones.
  using Cache = std::vector<KeyValueCache>;

  // The next tokens of speech without an end. mel (mels, 4 (lead + n + ahead))
  // is log mel, of which the first `lead` tokens, 0 or 1, were heard before and
  // only meet the convolutions, and the last `ahead` will be heard once more.
  // `cache` holds all tokens before, at most `context` of them or twice as many,
  // and is extended. Returns (n + ahead) int64 on the processor.
  at::Tensor next_tokens(const at::Tensor& mel, std::int64_t lead, std::int64_t ahead,
                         std::int64_t context, Cache& cache) const;
  int mels() const { return config_.mels; }

  // Log mel of the recording, (mels, frames), 100 frames/s.
  at::Tensor features(const at::Tensor& wav16k) const { return mel_(wav16k); }

 private:
  // One transformer layer; the norms come before what they feed.
  struct Block {
    Block(const Weights& weights, const S3TokenizerConfig& config);
    Block with_products(at::ScalarType products) const;
    at::Tensor operator()(const at::Tensor& x, const Rotation& rotation,
                          KeyValueCache* cache) const;

    FsmnAttention attention;
    LayerNorm attention_norm;
    PackedLayer expand, contract;
    LayerNorm mlp_norm;
  };

  at::Tensor convolve(const at::Tensor& mel) const;
  at::Tensor convolve_live(const at::Tensor& mel) const;
  at::Tensor encode(const at::Tensor& mel) const;
  at::Tensor quantize(const at::Tensor& hidden) const;

  S3TokenizerConfig config_;
  Mel mel_;
  Conv1d conv1_, conv2_;
  std::vector<Block> blocks_;
  // The same layers for speech without an end.
  RowConvolution live_conv1_, live_conv2_;
  std::vector<Block> live_blocks_;
  Linear project_down_;
};

}  // namespace chatterbox

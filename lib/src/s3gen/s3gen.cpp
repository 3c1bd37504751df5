// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/s3gen.h"

#include <sstream>

#include "chatterbox/error.h"
#include "nn/check.h"
#include "nn/cpu_features.h"

namespace chatterbox {
namespace {

void check_range(const at::Tensor& tokens, std::int64_t codebook) {
  if (tokens.numel() == 0) return;
  const std::int64_t low = tokens.min().item<std::int64_t>();
  const std::int64_t high = tokens.max().item<std::int64_t>();
  if (low >= 0 && high < codebook) return;
  std::ostringstream message;
  message << "speech tokens: expected 0 to " << codebook - 1 << ", got " << (low < 0 ? low : high);
  throw Error(ErrorCode::kInvalidArgument, message.str());
}

// Rounding adds up over the steps of the flow, so only the large products of its
// estimator follow the model's type, where it is one that they run well in.
at::ScalarType product_type(const Placement& placement) {
  if (placement.int8) return at::kChar;
  const bool runs = placement.device.is_cuda()
                        ? placement.dtype != at::kFloat
                        : placement.dtype == at::kBFloat16 && has_fast_bfloat16();
  return runs ? placement.dtype : at::kFloat;
}

// Type of the encoder's products: no step of the flow adds up their rounding.
at::ScalarType encoder_type(at::ScalarType products) {
  return products == at::kFloat || !has_fast_bfloat16() ? at::kFloat : at::kBFloat16;
}

}  // namespace

void S3Gen::Cache::seal() {
  encoder.seal();
  flow.seal();
}

std::int64_t S3Gen::Cache::bytes() const { return encoder.bytes() + flow.bytes(); }

S3Gen::S3Gen(const Weights& given, const ModelConfig& config)
    : S3Gen(given.with_dtype(at::kFloat), config, product_type(given.placement())) {}

S3Gen::S3Gen(const Weights& flow, const ModelConfig& config, at::ScalarType products)
    : colour_(config.s3gen.flow.colour),
      input_embedding_(flow.scope("input_embedding"), config.s3tokenizer.codebook_size(),
                       config.s3gen.encoder.size),
      speaker_affine_(flow.scope("spk_embed_affine_layer"), config.xvector.embedding, kMelBands),
      encoder_(flow.scope("encoder"), config.s3gen.encoder, encoder_type(products)),
      encoder_proj_(flow.scope("encoder_proj"), config.s3gen.encoder.size, kMelBands),
      flow_(flow.scope("decoder.estimator"), config.s3gen.estimator, config.s3gen.flow, products) {}

at::Tensor S3Gen::embed(const at::Tensor& tokens) const {
  check_range(tokens, input_embedding_.weight.size(0));
  return input_embedding_(tokens.to(input_embedding_.weight.device()));
}

at::Tensor S3Gen::encode(const at::Tensor& tokens, const Groups& groups) const {
  check_shape("speech tokens", tokens, {1, kAny});
  const at::Tensor features = encoder_(embed(tokens[0]), /*ahead=*/0, /*cache=*/nullptr, groups);
  return encoder_proj_(features).unsqueeze(0);
}

at::Tensor S3Gen::speaker(const at::Tensor& xvector) const {
  check_shape("x-vector", xvector, {1, speaker_affine_.weight.size(1)});
  const at::Tensor x = xvector.to(options());
  return speaker_affine_(x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12));
}

at::Tensor S3Gen::mel(const at::Tensor& tokens, const Conditionals& conditionals,
                      const at::Tensor& noise, const Groups& groups, const Checkpoint& checkpoint,
                      int steps) const {
  const at::Tensor features = encode(at::cat({conditionals.prompt_tokens, tokens}, 1), groups)[0];
  const std::int64_t frames = features.size(0), prompt = conditionals.prompt_mel.size(1);
  check_shape("prompt mel", conditionals.prompt_mel, {1, kAny, kMelBands});
  check_shape("flow noise", noise, {1, kMelBands, frames});

  at::Tensor known = at::zeros({frames, kMelBands}, options());
  known.narrow(0, 0, prompt).copy_(conditionals.prompt_mel[0]);
  const at::Tensor bias = group_bias(groups, kFramesPerToken, options());
  const at::Tensor start = noise[0].t().to(options());
  const at::Tensor all =
      flow(features, speaker(conditionals.xvector), known, start, bias, checkpoint, steps);
  return all.narrow(0, prompt, frames - prompt).t().unsqueeze(0);
}

at::Tensor S3Gen::flow(const at::Tensor& features, const at::Tensor& speaker,
                       const at::Tensor& known, const at::Tensor& noise, const at::Tensor& bias,
                       const Checkpoint& checkpoint, int steps) const {
  return flow_(noise, features, speaker, known, bias, /*cache=*/nullptr, checkpoint, steps);
}

void S3Gen::keep(Cache& cache, std::int64_t first, std::int64_t last) const {
  encoder_.keep(cache.encoder, first, last);
  cache.flow.keep(first * kFramesPerToken, last * kFramesPerToken);
}

at::Tensor S3Gen::next_mel(const at::Tensor& tokens, std::int64_t ahead, const at::Tensor& speaker,
                           const at::Tensor& known, const at::Tensor& noise, Cache& cache,
                           const Checkpoint& checkpoint, int steps) const {
  const at::Tensor features =
      encoder_proj_(encoder_(embed(tokens), ahead, &cache.encoder, /*groups=*/{}));
  return flow_(noise, features, speaker, known, /*bias=*/{}, &cache.flow, checkpoint, steps);
}

}  // namespace chatterbox

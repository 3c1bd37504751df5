// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/flow_estimator.h"

#include <cmath>
#include <string>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

// x, token features, speaker and known mel, side by side.
constexpr std::int64_t kInputs = 4 * kMelBands;

// Sines and cosines of 1000 t, (1, kInputs).
at::Tensor time_encoding(double t) {
  constexpr std::int64_t half = kInputs / 2;
  const at::Tensor rate =
      at::exp(at::arange(half, at::kFloat) * float(-std::log(10000.0) / (half - 1)));
  const at::Tensor angle = rate * (1000.0f * float(t));
  return at::cat({angle.sin(), angle.cos()}).unsqueeze(0);
}

constexpr const char* kTimeMixer = "time_embed_mixer";

// Files of the two kinds differ in this one tensor, and are easily mistaken for each other.
std::optional<Linear> take_time_mixer(const Weights& weights, FlowKind kind, std::int64_t size) {
  const bool found = weights.has(std::string(kTimeMixer) + ".weight");
  if (found && kind == FlowKind::kGuided)
    throw Error(ErrorCode::kBadFile,
                weights.path() +
                    ": expected the S3Gen of English or Multilingual, got that of Turbo and Nano "
                    "(it has a time_embed_mixer: a mean flow); take s3gen.safetensors of "
                    "ResembleAI/chatterbox");
  if (!found && kind == FlowKind::kMeanFlow)
    throw Error(
        ErrorCode::kBadFile,
        weights.path() +
            ": expected the S3Gen of Turbo and Nano, got that of English or Multilingual "
            "(it has no time_embed_mixer: no mean flow); take s3gen_meanflow.safetensors of "
            "ResembleAI/chatterbox-turbo");
  if (!found) return std::nullopt;
  return Linear(weights.scope(kTimeMixer), 2 * size, size, Bias::kNone);
}

// Input channels [first, first + count) of a convolution over kInputs.
CausalConv input_slice(const CausalConv& conv, std::int64_t first, std::int64_t count,
                       const at::Tensor& bias) {
  const at::Tensor weight = conv.weight.view({-1, conv.kernel, conv.in}).narrow(2, first, count);
  return CausalConv(weight.permute({0, 2, 1}), bias);
}

}  // namespace

FlowEstimator::Stage::Stage(const Weights& weights, std::int64_t in, std::int64_t time_dim,
                            const EstimatorConfig& config, at::ScalarType products)
    : resnet(weights.scope("0"), in, config.channels, time_dim) {
  for (int i = 0; i < config.blocks; ++i)
    blocks.emplace_back(weights.scope("1").scope(std::to_string(i)), config, products);
}

at::Tensor FlowEstimator::Stage::transform(at::Tensor x, const at::Tensor& bias,
                                           EstimatorCache* cache) const {
  for (const TransformerBlock& block : blocks) x = block(x, bias, cache);
  return x;
}

FlowEstimator::FlowEstimator(const Weights& weights, const EstimatorConfig& config, FlowKind kind,
                             at::ScalarType products)
    : time1_(weights.scope("time_mlp.linear_1"), kInputs, 4 * config.channels),
      time2_(weights.scope("time_mlp.linear_2"), 4 * config.channels, 4 * config.channels),
      time_mixer_(take_time_mixer(weights, kind, 4 * config.channels)),
      down_(weights.scope("down_blocks.0"), kInputs, 4 * config.channels, config, products),
      down_conv_(weights.scope("down_blocks.0.2"), config.channels, config.channels, 3),
      up_(weights.scope("up_blocks.0"), 2 * config.channels, 4 * config.channels, config, products),
      up_conv_(weights.scope("up_blocks.0.2"), config.channels, config.channels, 3),
      final_block_(weights.scope("final_block"), config.channels, config.channels),
      final_proj_(weights.scope("final_proj"), config.channels, kMelBands, 1),
      x_conv_(input_slice(down_.resnet.block1.conv, 0, kMelBands, {})),
      x_shortcut_(input_slice(down_.resnet.shortcut, 0, kMelBands, {})),
      condition_conv_(input_slice(down_.resnet.block1.conv, kMelBands, kInputs - kMelBands,
                                  down_.resnet.block1.conv.bias)),
      condition_shortcut_(input_slice(down_.resnet.shortcut, kMelBands, kInputs - kMelBands,
                                      down_.resnet.shortcut.bias)) {
  for (int i = 0; i < config.mid_blocks; ++i)
    mid_.emplace_back(weights.scope("mid_blocks").scope(std::to_string(i)), config.channels,
                      4 * config.channels, config, products);
}

at::Tensor FlowEstimator::embed_time(double t) const {
  return time2_(at::silu(time1_(time_encoding(t).to(time1_.weight.options()))));
}

FlowEstimator::Time FlowEstimator::at_time(double t, double end) const {
  at::Tensor embedded = embed_time(t);
  if (time_mixer_) embedded = (*time_mixer_)(at::cat({embedded, embed_time(end)}, 1));
  embedded = at::mish(embedded);
  Time time{down_.resnet.at_time(embedded)[0]};
  for (const Stage& stage : mid_) time.push_back(stage.resnet.at_time(embedded)[0]);
  time.push_back(up_.resnet.at_time(embedded)[0]);
  return time;
}

FlowEstimator::Condition FlowEstimator::condition(const at::Tensor& features,
                                                  const at::Tensor& speaker,
                                                  const at::Tensor& known,
                                                  at::Tensor* context) const {
  const at::Tensor speakers = speaker.unsqueeze(1).expand_as(features);
  const at::Tensor inputs = at::cat({features, speakers, known}, 2);
  return {condition_conv_(inputs, context), condition_shortcut_(inputs)};
}

at::Tensor FlowEstimator::operator()(const at::Tensor& noisy, const Condition& condition,
                                     const Time& time, const at::Tensor& bias,
                                     EstimatorCache* cache) const {
  if (cache) cache->rewind();
  const auto context = [&] { return cache ? cache->next_context() : nullptr; };
  const at::Tensor input = noisy.unsqueeze(0);

  at::Tensor h = down_.resnet.block1.activate(condition.conv + x_conv_(input, context()));
  h = down_.resnet.block2(h.add_(time.front()), cache);
  h.add_(condition.shortcut).add_(x_shortcut_(input));
  const at::Tensor skip = down_.transform(h, bias, cache);

  at::Tensor x = down_conv_(skip, context());
  for (std::size_t i = 0; i < mid_.size(); ++i)
    x = mid_[i].transform(mid_[i].resnet(x, time[i + 1], cache), bias, cache);

  x = up_.resnet(at::cat({x, skip}, 2), time.back(), cache);
  x = up_conv_(up_.transform(x, bias, cache), context());
  return final_proj_(final_block_(x, cache));
}

}  // namespace chatterbox

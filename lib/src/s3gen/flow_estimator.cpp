// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/flow_estimator.h"

#include <cmath>
#include <string>
#include <utility>

#include "chatterbox/error.h"
#include "s3gen/plan/estimator_plan.h"

namespace chatterbox {
namespace {

// Sines and cosines of 1000 t, (1, kEstimatorInputs).
at::Tensor time_encoding(double t) {
  constexpr std::int64_t half = kEstimatorInputs / 2;
  const at::Tensor rate =
      at::exp(at::arange(half, at::kFloat) * float(-std::log(10000.0) / (half - 1)));
  const at::Tensor angle = rate * (1000.0f * float(t));
  return at::cat({angle.sin(), angle.cos()}).unsqueeze(0);
}

constexpr const char* kTimeMixer = "time_embed_mixer";

// Only this tensor tells the files of the two kinds of flow apart.
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

FlowPrecision precision_of(at::ScalarType products) {
  return products == at::kChar       ? FlowPrecision::kInt8
         : products == at::kBFloat16 ? FlowPrecision::kBFloat16
                                     : FlowPrecision::kFloat;
}

// The kernels for a model of these sizes on this device, or null.
const FlowKernels* choose_kernels(const Weights& weights, const EstimatorConfig& config,
                                  at::ScalarType products) {
  if (!weights.placement().device.is_cpu()) return nullptr;
  const FlowKernels* kernels = flow_kernels(precision_of(products));
  return kernels && PlanLayers::fit(config, *kernels) ? kernels : nullptr;
}

// Type of libtorch's products, or of a plan's.
at::ScalarType tensor_type(at::ScalarType products, const FlowKernels* kernels) {
  return kernels || products == at::kChar ? at::kFloat : products;
}

// Number of positions, from the first on, that each frame sees.
std::vector<std::int32_t> visible_frames(const at::Tensor& bias) {
  if (!bias.defined()) return {};
  const at::Tensor counts = at::isfinite(bias).sum(1).to(at::kInt).contiguous();
  return {counts.data_ptr<std::int32_t>(), counts.data_ptr<std::int32_t>() + counts.size(0)};
}

}  // namespace

FlowEstimator::FlowEstimator(const Weights& weights, const EstimatorConfig& config, FlowKind kind,
                             at::ScalarType products)
    : FlowEstimator(weights, config, kind, products, choose_kernels(weights, config, products)) {}

FlowEstimator::FlowEstimator(const Weights& weights, const EstimatorConfig& config, FlowKind kind,
                             at::ScalarType products, const FlowKernels* kernels)
    : time1_(weights.scope("time_mlp.linear_1"), kEstimatorInputs, 4 * config.channels),
      time2_(weights.scope("time_mlp.linear_2"), 4 * config.channels, 4 * config.channels),
      time_mixer_(take_time_mixer(weights, kind, 4 * config.channels)) {
  auto layers =
      std::make_unique<const EstimatorLayers>(weights, config, tensor_type(products, kernels));
  stage_times_.push_back(layers->down.resnet.time_linear);
  for (const EstimatorStage& stage : layers->mid) stage_times_.push_back(stage.resnet.time_linear);
  stage_times_.push_back(layers->up.resnet.time_linear);
  condition_conv_ = layers->condition_conv;
  condition_shortcut_ = layers->condition_shortcut;
  if (kernels)
    plan_ = std::make_unique<const EstimatorPlan>(PlanLayers(*layers, config, *kernels));
  else
    layers_ = std::move(layers);
}

FlowEstimator::~FlowEstimator() = default;

at::Tensor FlowEstimator::embed_time(double t) const {
  return time2_(at::silu(time1_(time_encoding(t).to(time1_.weight.options()))));
}

FlowEstimator::Time FlowEstimator::at_time(double t, double end) const {
  at::Tensor embedded = embed_time(t);
  if (time_mixer_) embedded = (*time_mixer_)(at::cat({embedded, embed_time(end)}, 1));
  embedded = at::mish(embedded);
  Time time;
  for (const Linear& linear : stage_times_) time.push_back(linear(embedded)[0]);
  return time;
}

FlowEstimator::Condition FlowEstimator::condition(const at::Tensor& features,
                                                  const at::Tensor& speaker,
                                                  const at::Tensor& known,
                                                  at::Tensor* context) const {
  const at::Tensor speakers = speaker.unsqueeze(1).expand_as(features);
  const at::Tensor inputs = at::cat({features, speakers, known}, 2);
  return {(*condition_conv_)(inputs, context), (*condition_shortcut_)(inputs)};
}

at::Tensor FlowEstimator::operator()(const at::Tensor& x, const Condition& condition,
                                     const Time& time, const at::Tensor& bias,
                                     EstimatorCache* cache) const {
  return plan_ ? by_plan(x, condition, time, bias, cache)
               : by_tensors(x, condition, time, bias, cache);
}

at::Tensor FlowEstimator::by_plan(const at::Tensor& noisy, const Condition& condition,
                                  const Time& time, const at::Tensor& bias,
                                  EstimatorCache* cache) const {
  const at::Tensor x = noisy.contiguous();
  const at::Tensor conv = condition.conv.contiguous(), shortcut = condition.shortcut.contiguous();
  EstimatorPlan::Input input{.rows = int(conv.size(0)),
                             .frames = int(x.size(0)),
                             .x = x.data_ptr<float>(),
                             .conv = conv.data_ptr<float>(),
                             .shortcut = shortcut.data_ptr<float>(),
                             .time = {},
                             .visible = visible_frames(bias)};
  for (const at::Tensor& each : time) input.time.push_back(each.data_ptr<float>());
  at::Tensor velocities = at::empty({conv.size(0), x.size(0), kMelBands}, x.options());
  (*plan_)(input, velocities.data_ptr<float>(), cache ? &cache->plan : nullptr);
  return velocities;
}

at::Tensor FlowEstimator::by_tensors(const at::Tensor& noisy, const Condition& condition,
                                     const Time& time, const at::Tensor& bias,
                                     EstimatorCache* cache) const {
  const EstimatorLayers& layers = *layers_;
  if (cache) cache->rewind();
  const auto context = [&] { return cache ? cache->next_context() : nullptr; };
  const at::Tensor input = noisy.unsqueeze(0);

  const ResnetBlock& first = layers.down.resnet;
  at::Tensor h = first.block1.activate(condition.conv + layers.x_conv(input, context()));
  h = first.block2(h.add_(time.front()), cache);
  h.add_(condition.shortcut).add_(layers.x_shortcut(input));
  const at::Tensor skip = layers.down.transform(h, bias, cache);

  at::Tensor x = layers.down_conv(skip, context());
  for (std::size_t i = 0; i < layers.mid.size(); ++i) {
    const EstimatorStage& stage = layers.mid[i];
    x = stage.transform(stage.resnet(x, time[i + 1], cache), bias, cache);
  }

  x = layers.up.resnet(at::cat({x, skip}, 2), time.back(), cache);
  x = layers.up_conv(layers.up.transform(x, bias, cache), context());
  return layers.final_proj(layers.final_block(x, cache));
}

}  // namespace chatterbox

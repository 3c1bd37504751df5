// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <vector>

#include "config.h"
#include "nn/packed_linear.h"
#include "s3gen/estimator_layers.h"
#include "s3gen/plan/flow_kernels.h"

namespace chatterbox {

// The estimator's layers, packed for one set of kernels.
struct PlanBlock {
  PlanBlock(const TransformerBlock& block, const Packing& packing);
  BlockView view() const { return {qkv.view(), out.view(), expand.view(), contract.view()}; }

  PackedLinear qkv, out, expand, contract;
};

struct PlanNorm {
  explicit PlanNorm(const LayerNorm& norm) : weight(norm.weight), bias(norm.bias) {}
  NormView view() const { return {weight.data_ptr<float>(), bias.data_ptr<float>()}; }

  at::Tensor weight, bias;
};

struct PlanStage {
  // The first stage's convolution and shortcut see the noisy mel alone.
  PlanStage(const EstimatorStage& stage, const CausalConv& conv1, const CausalConv& shortcut,
            const FlowKernels& kernels);
  std::int64_t inputs() const { return shortcut.view().inputs; }

  PackedLinear conv1, conv2, shortcut;
  PlanNorm norm1, norm2;
  std::vector<PlanBlock> blocks;
};

struct PlanLayers {
  // True when the kernels can do a model of these sizes.
  static bool fit(const EstimatorConfig& config, const FlowKernels& kernels);
  PlanLayers(const EstimatorLayers& layers, const EstimatorConfig& config,
             const FlowKernels& kernels);

  const FlowKernels& kernels;
  FlowSizes sizes;
  std::vector<PlanStage> stages;
  PackedLinear down, up, final_conv, projection;
  PlanNorm final_norm;
};

}  // namespace chatterbox

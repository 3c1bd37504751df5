// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/plan_layers.h"

#include <numbers>

namespace chatterbox {
namespace {

// Scores become exponents of two, which are cheaper than those of e.
at::Tensor with_binary_queries(const TransformerBlock& block) {
  at::Tensor weight = block.qkv_weight.to(at::kFloat).clone();
  weight.narrow(0, 0, weight.size(0) / 3).mul_(std::numbers::log2e);
  return weight;
}

PackedLinear packed(const CausalConv& conv, const FlowKernels& kernels) {
  return PackedLinear(conv.weight, conv.bias, kernels.packing);
}

}  // namespace

PlanBlock::PlanBlock(const TransformerBlock& block, const Packing& packing)
    : qkv(PackedLinear::after(block.norm_attention, with_binary_queries(block), {}, packing)),
      out(block.out.weight, block.out.bias, packing),
      expand(PackedLinear::after(block.norm_feed_forward, block.expand.weight, block.expand.bias,
                                 packing)),
      contract(block.contract.weight, block.contract.bias, packing, PackedLinear::Input::kGelu) {}

PlanStage::PlanStage(const EstimatorStage& stage, const CausalConv& conv1,
                     const CausalConv& shortcut, const FlowKernels& kernels)
    : conv1(packed(conv1, kernels)),
      conv2(packed(stage.resnet.block2.conv, kernels)),
      shortcut(packed(shortcut, kernels)),
      norm1(stage.resnet.block1.norm),
      norm2(stage.resnet.block2.norm) {
  for (const TransformerBlock& block : stage.blocks)
    blocks.emplace_back(block, kernels.block_packing);
}

bool PlanLayers::fit(const EstimatorConfig& config, const FlowKernels& kernels) {
  // A head's keys are laid out in whole vectors of words.
  const int unit = kernels.vector * kernels.packing.group;
  return config.channels % unit == 0 && config.head_dim % unit == 0 && config.blocks > 0 &&
         config.mid_blocks > 0;
}

PlanLayers::PlanLayers(const EstimatorLayers& layers, const EstimatorConfig& config,
                       const FlowKernels& kernels)
    : kernels(kernels),
      sizes{config.channels, config.heads, config.head_dim},
      down(packed(layers.down_conv, kernels)),
      up(packed(layers.up_conv, kernels)),
      final_conv(packed(layers.final_block.conv, kernels)),
      projection(packed(layers.final_proj, kernels)),
      final_norm(layers.final_block.norm) {
  stages.emplace_back(layers.down, layers.x_conv, layers.x_shortcut, kernels);
  for (const EstimatorStage& stage : layers.mid)
    stages.emplace_back(stage, stage.resnet.block1.conv, stage.resnet.shortcut, kernels);
  stages.emplace_back(layers.up, layers.up.resnet.block1.conv, layers.up.resnet.shortcut, kernels);
}

}  // namespace chatterbox

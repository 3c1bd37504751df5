// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "nn/team.h"
#include "s3gen/plan/estimator_plan.h"
#include "s3gen/plan/windows.h"

namespace chatterbox {

// Buffers and threads of one evaluation at a time. Grows to the largest so far.
class PlanEvaluation {
 public:
  PlanEvaluation(const PlanLayers& layers, int threads);

  int threads() const { return team_->size(); }
  // By `threads` of them.
  void run(const EstimatorPlan::Input& input, float* velocities, PlanCache* cache, int threads);

 private:
  class Walk;
  void prepare(const EstimatorPlan::Input& input, PlanCache* cache, int active);
  void walk(int member);
  // A block of frames of one row, on one thread, or a share of the work on one.
  struct Block {
    int row, first, count;
    std::int64_t slot;  // its first row in floats_ and hidden_
    void* scratch;
    int share, shares;
  };
  void resnet_in(Walk& walk, std::size_t stage);
  void resnet_out(Walk& walk, std::size_t stage);
  void transform(Walk& walk, std::size_t stage, std::size_t layer);
  void convolve(Walk& walk, const PackedLinear& conv, std::size_t slot, std::size_t next);
  void finish(Walk& walk);
  void remember(std::size_t layer, int head);
  void attend(std::size_t layer, int piece, void* scratch);
  void project(const PackedLinear& qkv, const Block& block);
  void hand_on(std::size_t stage, const Block& block);

  // A block's share of a layer's outputs, and of its frames.
  LayerPart outputs(const PackedLinear& layer, const Packing& packing, const Block& block) const;
  static Block frames(const Block& block);
  std::int64_t position(const Block& block) const {
    return std::int64_t(block.row) * input_->frames + block.first;
  }
  float* x(const Block& block) const;
  float* floats(const Block& block) const;
  char* hidden(const Block& block) const;
  char* active(const Block& block) const;  // operands of the last layer, in the place of hidden()
  std::int64_t hidden_bytes() const { return std::int64_t(4) * sizes_.channels * kernels_.hidden; }
  std::int64_t rows_of_block() const { return kernels_.frames + kernels_.slack; }

  // Whose input is what a convolution of that number has as its.
  const Windows& input_of(std::size_t stage) const;
  void begin(const Windows& windows, std::size_t slot, const Block& block) const;
  void end(const Windows& windows, std::size_t slot, const Block& block) const;
  char* context(std::size_t slot, int row) const;
  PackedMemory& memory(std::size_t layer) { return cache_ ? cache_->memories[layer] : memory_; }

  std::size_t last_stage() const { return layers_.stages.size() - 1; }
  // Numbers of convolutions: two to a stage, then these.
  std::size_t down_slot() const { return 2 * layers_.stages.size(); }
  std::size_t up_slot() const { return down_slot() + 1; }
  std::size_t final_slot() const { return down_slot() + 2; }

  const PlanLayers& layers_;
  const FlowKernels& kernels_;
  const FlowSizes sizes_;

  // The call at hand.
  const EstimatorPlan::Input* input_ = nullptr;
  float* velocities_ = nullptr;
  PlanCache* cache_ = nullptr;
  std::vector<std::int32_t> visible_;
  std::vector<std::int64_t> positions_;  // where each layer's new ones begin
  int block_ = 0, query_block_ = 0;      // frames
  // Pieces of a row, and shares of a block: more than one where blocks are fewer than threads.
  // Atomic, as members that come late read them in vain.
  std::atomic<int> rows_{0}, blocks_{0}, query_blocks_{0}, shares_{1};

  // Written in one phase, read in the next.
  at::Tensor x_, qkv_, attended_;
  // Output of convolutions and of the wider layers: of each member's block, so that it stays in
  // that core's caches, or of all frames where blocks are shared.
  at::Tensor floats_, hidden_;
  Windows in_, half_, out_, convolved_, joined_;
  PackedMemory memory_;              // of one layer after the other, where nothing is cached
  std::vector<at::Tensor> scratch_;  // one per member

  std::atomic<std::uint32_t> run_{0};
  std::vector<Phase> phases_;
  std::unique_ptr<Team> team_;  // last, as its threads use all of the above
};

}  // namespace chatterbox

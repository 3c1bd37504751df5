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

namespace chatterbox {

// Time-major operands of all rows, each behind the two frames before its first.
class Windows {
 public:
  void shape(const FlowKernels& kernels, int rows, int frames, std::int64_t channels);
  // The window of frame t: frames t - 2 to t.
  char* window(int row, int t) const { return at(row, t); }
  // Frame t itself.
  char* frame(int row, int t) const { return at(row, t + 2); }
  std::int64_t channels() const { return channels_; }

  // Puts the two frames before the first in place; null: zeros.
  void begin(int row, const char* context) const;
  // The two frames before those that follow the last.
  void end(int row, char* context) const;

 private:
  char* at(int row, int index) const {
    return data_ + (std::int64_t(row) * (frames_ + 2) + index) * channels_ * operand_;
  }

  at::Tensor memory_;
  char* data_ = nullptr;
  std::int64_t channels_ = 0, operand_ = 0;
  int frames_ = 0;
};

// Buffers and threads of one evaluation at a time. Grows to the largest so far.
class PlanEvaluation {
 public:
  PlanEvaluation(const PlanLayers& layers, int threads);

  int threads() const { return team_->size(); }
  void run(const EstimatorPlan::Input& input, float* velocities, PlanCache* cache);

 private:
  class Walk;
  void prepare(const EstimatorPlan::Input& input, PlanCache* cache);
  void walk(int member);
  // A block of frames of one row, on one thread.
  struct Block {
    int row, first, count;
    void* scratch;
  };
  void resnet_in(std::size_t stage, const Block& block);
  void resnet_out(std::size_t stage, const Block& block);
  void remember(std::size_t layer, int head);
  void attend(std::size_t layer, int piece, void* scratch);
  void transform(std::size_t stage, std::size_t layer, const Block& block);
  void convolve(const PackedLinear& conv, std::size_t slot, std::size_t next, const Block& block);
  void finish(const Block& block);

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
  // Pieces of a row; atomic, as members that come late read them in vain.
  std::atomic<int> rows_{0}, blocks_{0}, query_blocks_{0};

  // Written in one phase, read in the next.
  at::Tensor x_, qkv_, attended_;
  Windows in_, half_, out_, convolved_, joined_;
  PackedMemory memory_;              // of one layer after the other, where nothing is cached
  std::vector<at::Tensor> scratch_;  // one per member

  std::atomic<std::uint32_t> run_{0};
  std::vector<Phase> phases_;
  std::unique_ptr<Team> team_;  // last, as its threads use all of the above
};

}  // namespace chatterbox

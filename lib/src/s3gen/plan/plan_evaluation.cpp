// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/plan_evaluation.h"

#include <algorithm>
#include <cstring>

#include "nn/large_pages.h"
#include "s3gen/flow_estimator.h"

namespace chatterbox {
namespace {

void grow(at::Tensor& memory, std::int64_t bytes) {
  if (!memory.defined() || memory.size(0) < bytes)
    memory = empty_in_large_pages({bytes}, at::kByte);
}

char* bytes_of(const at::Tensor& memory) { return static_cast<char*>(memory.data_ptr()); }

// Frames to a piece: no more than `most`, in whole tiles, all pieces about alike.
int piece(int frames, int most, int tile) {
  const int pieces = (frames + most - 1) / most, even = (frames + pieces - 1) / pieces;
  return std::min(most, (even + tile - 1) / tile * tile);
}

}  // namespace

void Windows::shape(const FlowKernels& kernels, int rows, int frames, std::int64_t channels) {
  channels_ = channels;
  operand_ = kernels.operand;
  frames_ = frames;
  grow(memory_, (std::int64_t(rows) * (frames + 2) + kernels.slack) * channels * operand_);
  data_ = bytes_of(memory_);
}

void Windows::begin(int row, const char* context) const {
  const auto bytes = std::size_t(2 * channels_ * operand_);
  if (context)
    std::memcpy(at(row, 0), context, bytes);
  else
    std::memset(at(row, 0), 0, bytes);
}

void Windows::end(int row, char* context) const {
  std::memcpy(context, at(row, frames_), std::size_t(2 * channels_ * operand_));
}

// One member's way through the phases of a run.
class PlanEvaluation::Walk {
 public:
  Walk(PlanEvaluation& evaluation, int member)
      : run_(evaluation.run_.load(std::memory_order_acquire)),
        phase_(evaluation.phases_.data()),
        scratch_(evaluation.scratch_[std::size_t(member)].data_ptr()),
        blocks_(evaluation.blocks_.load(std::memory_order_relaxed)),
        rows_(evaluation.rows_.load(std::memory_order_relaxed)) {}

  // work(Block) for every block of frames.
  template <typename Work>
  void blocks(const PlanEvaluation& evaluation, const Work& work) {
    pieces(rows_ * blocks_, [&](std::int64_t n) {
      const int first = int(n % blocks_) * evaluation.block_;
      work(Block{int(n / blocks_), first,
                 std::min(evaluation.block_, evaluation.input_->frames - first), scratch_});
    });
  }
  template <typename Work>
  void pieces(int count, const Work& work) {
    (phase_++)->share(run_, count, work);
  }
  int rows() const { return rows_; }
  void* scratch() const { return scratch_; }

 private:
  std::uint32_t run_;
  Phase* phase_;
  void* scratch_;
  int blocks_, rows_;
};

PlanEvaluation::PlanEvaluation(const PlanLayers& layers, int threads)
    : layers_(layers), kernels_(layers.kernels), sizes_(layers.sizes) {
  std::size_t transformers = 0;
  for (const PlanStage& stage : layers.stages) transformers += stage.blocks.size();
  positions_.resize(transformers);
  phases_ = std::vector<Phase>(2 * layers.stages.size() + 3 * transformers + 3);
  const int members = std::max(threads, 1);
  for (int member = 0; member < members; ++member)
    scratch_.push_back(at::empty({std::int64_t(kernels_.scratch_bytes(sizes_))}, at::kByte));
  team_ = std::make_unique<Team>(members, [this](int member) { walk(member); });
}

void PlanEvaluation::prepare(const EstimatorPlan::Input& input, PlanCache* cache) {
  input_ = &input;
  cache_ = cache;
  const int rows = input.rows, frames = input.frames;
  const std::int64_t all = std::int64_t(rows) * frames, channels = sizes_.channels;
  grow(x_, all * channels * std::int64_t(sizeof(float)));
  grow(qkv_, all * 3 * sizes_.inner() * kernels_.operand);
  grow(attended_, (all + kernels_.slack) * sizes_.inner() * kernels_.operand);
  in_.shape(kernels_, rows, frames, layers_.stages[0].inputs());
  for (Windows* windows : {&half_, &out_, &convolved_})
    windows->shape(kernels_, rows, frames, channels);
  joined_.shape(kernels_, rows, frames, 2 * channels);

  const int heads = rows * sizes_.heads;
  if (cache) {
    if (cache->memories.empty())
      cache->memories.assign(positions_.size(), PackedMemory(kernels_, heads, sizes_.dim));
    const std::int64_t slots = std::int64_t(final_slot()) + 1;
    const std::int64_t widest = std::max(in_.channels(), joined_.channels()) * kernels_.operand;
    cache->contexts = cache->contexts.defined() ? cache->contexts.clone()
                                                : at::zeros({slots, rows, 2 * widest}, at::kByte);
    for (std::size_t i = 0; i < positions_.size(); ++i)
      positions_[i] = cache->memories[i].extend(frames);
  } else {
    if (memory_.heads() != heads) memory_ = PackedMemory(kernels_, heads, sizes_.dim);
    memory_.clear();
    std::fill(positions_.begin(), positions_.end(), memory_.extend(frames));
  }
  visible_ = input.visible;
  if (visible_.empty()) visible_.assign(std::size_t(frames), std::int32_t(positions_[0] + frames));

  block_ = piece(frames, kernels_.frames, kernels_.slack);
  query_block_ = piece(frames, kernels_.queries, kernels_.slack);
  rows_.store(rows, std::memory_order_relaxed);
  blocks_.store((frames + block_ - 1) / block_, std::memory_order_relaxed);
  query_blocks_.store((frames + query_block_ - 1) / query_block_, std::memory_order_relaxed);
}

void PlanEvaluation::run(const EstimatorPlan::Input& input, float* velocities, PlanCache* cache) {
  if (input.frames == 0) return;
  prepare(input, cache);
  velocities_ = velocities;
  for (int row = 0; row < input.rows; ++row) {
    in_.begin(row, context(0, row));
    kernels_.to_operands(input.x, int(input.frames * in_.channels()), in_.frame(row, 0));
  }
  const std::uint32_t run = run_.load(std::memory_order_relaxed) + 1;
  for (Phase& phase : phases_) phase.reset(run);
  run_.store(run, std::memory_order_release);
  team_->run();
}

void PlanEvaluation::walk(int member) {
  Walk walk(*this, member);
  const int heads = walk.rows() * sizes_.heads;
  const int attention_pieces = heads * query_blocks_.load(std::memory_order_relaxed);
  std::size_t layer = 0;
  for (std::size_t stage = 0; stage < layers_.stages.size(); ++stage) {
    walk.blocks(*this, [&](const Block& block) { resnet_in(stage, block); });
    walk.blocks(*this, [&](const Block& block) { resnet_out(stage, block); });
    for (std::size_t i = 0; i < layers_.stages[stage].blocks.size(); ++i, ++layer) {
      walk.pieces(heads, [&](std::int64_t head) { remember(layer, int(head)); });
      walk.pieces(attention_pieces,
                  [&](std::int64_t piece) { attend(layer, int(piece), walk.scratch()); });
      walk.blocks(*this, [&](const Block& block) { transform(stage, i, block); });
    }
    if (stage == 0)
      walk.blocks(*this, [&](const Block& b) { convolve(layers_.down, down_slot(), 2, b); });
    if (stage == last_stage())
      walk.blocks(*this, [&](const Block& b) { convolve(layers_.up, up_slot(), final_slot(), b); });
  }
  walk.blocks(*this, [&](const Block& block) { finish(block); });
}

char* PlanEvaluation::context(std::size_t slot, int row) const {
  if (!cache_) return nullptr;
  const at::Tensor& contexts = cache_->contexts;
  return bytes_of(contexts) + std::int64_t(slot) * contexts.stride(0) + row * contexts.stride(1);
}

void PlanEvaluation::begin(const Windows& windows, std::size_t slot, const Block& block) const {
  if (block.first == 0) windows.begin(block.row, context(slot, block.row));
}

void PlanEvaluation::end(const Windows& windows, std::size_t slot, const Block& block) const {
  if (cache_ && block.first + block.count == input_->frames)
    windows.end(block.row, context(slot, block.row));
}

const Windows& PlanEvaluation::input_of(std::size_t stage) const {
  if (stage == 0) return in_;
  if (stage == 1) return convolved_;
  return stage == last_stage() ? joined_ : out_;
}

void PlanEvaluation::resnet_in(std::size_t index, const Block& block) {
  const PlanStage& stage = layers_.stages[index];
  const Windows& input = input_of(index);
  const std::int64_t at =
      (std::int64_t(block.row) * input_->frames + block.first) * sizes_.channels;
  kernels_.resnet_in(sizes_, stage.conv1.view(), stage.norm1.view(),
                     input.window(block.row, block.first), block.count,
                     index == 0 ? input_->conv + at : nullptr, input_->time[index],
                     half_.frame(block.row, block.first), block.scratch);
  end(input, 2 * index, block);
  begin(half_, 2 * index + 1, block);
}

void PlanEvaluation::resnet_out(std::size_t index, const Block& block) {
  const PlanStage& stage = layers_.stages[index];
  const std::int64_t at = std::int64_t(block.row) * input_->frames + block.first;
  float* x = reinterpret_cast<float*>(bytes_of(x_)) + at * sizes_.channels;
  kernels_.resnet_out(sizes_, stage.conv2.view(), stage.norm2.view(), stage.shortcut.view(),
                      half_.window(block.row, block.first),
                      input_of(index).frame(block.row, block.first), block.count,
                      index == 0 ? input_->shortcut + at * sizes_.channels : nullptr, x,
                      block.scratch);
  end(half_, 2 * index + 1, block);
  kernels_.project(sizes_, stage.blocks[0].qkv.view(), x, block.count,
                   bytes_of(qkv_) + at * 3 * sizes_.inner() * kernels_.operand, block.scratch);
}

void PlanEvaluation::remember(std::size_t layer, int head) {
  const std::int64_t inner = sizes_.inner();
  const std::int64_t row = head / sizes_.heads, in_row = head % sizes_.heads;
  const char* queries =
      bytes_of(qkv_) + (row * input_->frames * 3 * inner + in_row * sizes_.dim) * kernels_.operand;
  kernels_.remember(sizes_, queries + inner * kernels_.operand,
                    queries + 2 * inner * kernels_.operand, std::size_t(3 * inner), input_->frames,
                    int(positions_[layer]), memory(layer).head(head));
}

void PlanEvaluation::attend(std::size_t layer, int piece, void* scratch) {
  const std::int64_t inner = sizes_.inner();
  const int blocks = query_blocks_.load(std::memory_order_relaxed);
  const int head = piece / blocks, first = piece % blocks * query_block_;
  const std::int64_t row = head / sizes_.heads, in_row = head % sizes_.heads;
  const std::int64_t frame = row * input_->frames + first;
  kernels_.attend(sizes_,
                  bytes_of(qkv_) + (frame * 3 * inner + in_row * sizes_.dim) * kernels_.operand,
                  std::size_t(3 * inner), std::min(query_block_, input_->frames - first),
                  visible_.data() + first, memory(layer).head(head),
                  bytes_of(attended_) + (frame * inner + in_row * sizes_.dim) * kernels_.operand,
                  std::size_t(inner), scratch);
}

// The rest of a transformer block, and what reads its result first.
void PlanEvaluation::transform(std::size_t index, std::size_t i, const Block& block) {
  const PlanStage& stage = layers_.stages[index];
  const std::int64_t inner = sizes_.inner(), channels = sizes_.channels;
  const std::int64_t at = std::int64_t(block.row) * input_->frames + block.first;
  float* x = reinterpret_cast<float*>(bytes_of(x_)) + at * channels;
  kernels_.feed_forward(sizes_, stage.blocks[i].view(),
                        bytes_of(attended_) + at * inner * kernels_.operand, block.count, x,
                        block.scratch);
  if (i + 1 < stage.blocks.size())
    return kernels_.project(sizes_, stage.blocks[i + 1].qkv.view(), x, block.count,
                            bytes_of(qkv_) + at * 3 * inner * kernels_.operand, block.scratch);

  const auto put = [&](const Windows& windows, std::int64_t offset) {
    for (int t = 0; t < block.count; ++t)
      kernels_.to_operands(x + t * channels, int(channels),
                           windows.frame(block.row, block.first + t) + offset * kernels_.operand);
  };
  // The first stage's result goes around those in the middle as well.
  if (index == 0) put(joined_, channels);
  if (index == last_stage() - 1) {
    put(joined_, 0);
    begin(joined_, 2 * last_stage(), block);
  } else {
    put(out_, 0);
    begin(out_,
          index == 0              ? down_slot()
          : index == last_stage() ? up_slot()
                                  : 2 * (index + 1),
          block);
  }
}

void PlanEvaluation::convolve(const PackedLinear& conv, std::size_t slot, std::size_t next,
                              const Block& block) {
  kernels_.convolve(sizes_, conv.view(), out_.window(block.row, block.first), block.count,
                    convolved_.frame(block.row, block.first), block.scratch);
  end(out_, slot, block);
  begin(convolved_, next, block);
}

void PlanEvaluation::finish(const Block& block) {
  const std::int64_t at = std::int64_t(block.row) * input_->frames + block.first;
  kernels_.finish(sizes_, layers_.final_conv.view(), layers_.final_norm.view(),
                  layers_.projection.view(), convolved_.window(block.row, block.first), block.count,
                  velocities_ + at * kMelBands, block.scratch);
  end(convolved_, final_slot(), block);
}

}  // namespace chatterbox

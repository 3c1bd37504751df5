// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "s3gen/plan/plan_evaluation.h"

#include <algorithm>

#include "s3gen/flow_estimator.h"

namespace chatterbox {
namespace {

char* bytes_of(const at::Tensor& memory) { return static_cast<char*>(memory.data_ptr()); }

// Phases at most.
constexpr std::size_t kResnetSteps = 6, kTransformerSteps = 6, kOtherSteps = 5;

// Shares of a block to a thread, so that one that comes late is not waited for.
constexpr int kShares = 2;

// Frames to a piece: no more than `most`, in whole tiles, all pieces about alike.
int piece(int frames, int most, int tile) {
  const int pieces = (frames + most - 1) / most, even = (frames + pieces - 1) / pieces;
  return std::min(most, (even + tile - 1) / tile * tile);
}

}  // namespace

// One member's way through the phases of a run.
class PlanEvaluation::Walk {
 public:
  Walk(PlanEvaluation& evaluation, int member)
      : evaluation_(evaluation),
        member_(member),
        run_(evaluation.run_.load(std::memory_order_acquire)),
        phase_(evaluation.phases_.data()),
        scratch_(evaluation.scratch_[std::size_t(member)].data_ptr()),
        blocks_(evaluation.blocks_.load(std::memory_order_relaxed)),
        rows_(evaluation.rows_.load(std::memory_order_relaxed)),
        shares_(evaluation.shares_.load(std::memory_order_relaxed)) {}

  // Every step(Block), one after the other, for every block of frames: in one phase where a block
  // is one member's, in a phase for each step where members share it.
  template <typename... Steps>
  void blocks(const Steps&... steps) {
    if (shares_ == 1)
      pieces(rows_ * blocks_, [&](std::int64_t n) {
        const Block block = block_of(n);
        (steps(block), ...);
      });
    else
      (pieces(rows_ * blocks_ * shares_, [&](std::int64_t n) { steps(block_of(n)); }), ...);
  }
  template <typename Work>
  void pieces(int count, const Work& work) {
    (phase_++)->share(run_, count, work);
  }
  int rows() const { return rows_; }
  void* scratch() const { return scratch_; }

 private:
  Block block_of(std::int64_t n) const {
    const int share = int(n % shares_), block = int(n / shares_);
    const int row = block / blocks_, first = block % blocks_ * evaluation_.block_;
    const int frames = evaluation_.input_->frames;
    const std::int64_t slot = shares_ == 1 ? std::int64_t(member_) * evaluation_.rows_of_block()
                                           : std::int64_t(row) * frames + first;
    return {row,   first,  std::min(evaluation_.block_, frames - first), slot, scratch_,
            share, shares_};
  }

  PlanEvaluation& evaluation_;
  int member_;
  std::uint32_t run_;
  Phase* phase_;
  void* scratch_;
  int blocks_, rows_, shares_;
};

PlanEvaluation::PlanEvaluation(const PlanLayers& layers, int threads)
    : layers_(layers), kernels_(layers.kernels), sizes_(layers.sizes) {
  std::size_t transformers = 0;
  for (const PlanStage& stage : layers.stages) transformers += stage.blocks.size();
  positions_.resize(transformers);
  phases_ = std::vector<Phase>(kResnetSteps * layers.stages.size() +
                               kTransformerSteps * transformers + kOtherSteps);
  const int members = std::max(threads, 1);
  for (int member = 0; member < members; ++member)
    scratch_.push_back(at::empty({std::int64_t(kernels_.scratch_bytes(sizes_))}, at::kByte));
  team_ = std::make_unique<Team>(members, [this](int member) { walk(member); });
}

void PlanEvaluation::prepare(const EstimatorPlan::Input& input, PlanCache* cache, int active) {
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
  const int blocks = rows * int((frames + kernels_.frames - 1) / kernels_.frames);
  const int shares = blocks < active ? (kShares * active + blocks - 1) / blocks : 1;
  const std::int64_t slots = shares == 1 ? threads() * rows_of_block() : all + kernels_.slack;
  grow(floats_, slots * channels * std::int64_t(sizeof(float)));
  grow(hidden_, slots * hidden_bytes());
  shares_.store(shares, std::memory_order_relaxed);

  visible_ = input.visible;
  if (visible_.empty()) visible_.assign(std::size_t(frames), std::int32_t(memory(0).length()));

  block_ = piece(frames, kernels_.frames, kernels_.slack);
  query_block_ = piece(frames, kernels_.queries, kernels_.slack);
  rows_.store(rows, std::memory_order_relaxed);
  blocks_.store((frames + block_ - 1) / block_, std::memory_order_relaxed);
  query_blocks_.store((frames + query_block_ - 1) / query_block_, std::memory_order_relaxed);
}

void PlanEvaluation::run(const EstimatorPlan::Input& input, float* velocities, PlanCache* cache,
                         int threads) {
  if (input.frames == 0) return;
  prepare(input, cache, threads);
  velocities_ = velocities;
  for (int row = 0; row < input.rows; ++row) {
    in_.begin(row, context(0, row));
    kernels_.to_operands(input.x, int(input.frames * in_.channels()), in_.frame(row, 0));
  }
  const std::uint32_t run = run_.load(std::memory_order_relaxed) + 1;
  for (Phase& phase : phases_) phase.reset(run);
  run_.store(run, std::memory_order_release);
  team_->run(threads);
}

void PlanEvaluation::walk(int member) {
  Walk walk(*this, member);
  const int heads = walk.rows() * sizes_.heads;
  const int attention_pieces = heads * query_blocks_.load(std::memory_order_relaxed);
  std::size_t layer = 0;
  for (std::size_t stage = 0; stage < layers_.stages.size(); ++stage) {
    resnet_in(walk, stage);
    resnet_out(walk, stage);
    for (std::size_t i = 0; i < layers_.stages[stage].blocks.size(); ++i, ++layer) {
      walk.pieces(heads, [&](std::int64_t head) { remember(layer, int(head)); });
      walk.pieces(attention_pieces,
                  [&](std::int64_t piece) { attend(layer, int(piece), walk.scratch()); });
      transform(walk, stage, i);
    }
    if (stage == 0) convolve(walk, layers_.down, down_slot(), 2);
    if (stage == last_stage()) convolve(walk, layers_.up, up_slot(), final_slot());
  }
  finish(walk);
}

char* PlanEvaluation::context(std::size_t slot, int row) const {
  if (!cache_) return nullptr;
  const at::Tensor& contexts = cache_->contexts;
  return bytes_of(contexts) + std::int64_t(slot) * contexts.stride(0) + row * contexts.stride(1);
}

void PlanEvaluation::begin(const Windows& windows, std::size_t slot, const Block& block) const {
  if (block.first == 0 && block.share == 0) windows.begin(block.row, context(slot, block.row));
}

void PlanEvaluation::end(const Windows& windows, std::size_t slot, const Block& block) const {
  if (cache_ && block.share == 0 && block.first + block.count == input_->frames)
    windows.end(block.row, context(slot, block.row));
}

const Windows& PlanEvaluation::input_of(std::size_t stage) const {
  if (stage == 0) return in_;
  if (stage == 1) return convolved_;
  return stage == last_stage() ? joined_ : out_;
}

LayerPart PlanEvaluation::outputs(const PackedLinear& layer, const Packing& packing,
                                  const Block& block) const {
  const PackedView whole = layer.view();
  const int panels = (whole.outputs + packing.columns - 1) / packing.columns;
  const int share = (panels + block.shares - 1) / block.shares * packing.columns;
  const int begin = block.share * share;
  const int count = std::clamp(whole.outputs - begin, 0, share);
  const int first = count > 0 ? begin : 0;
  return {outputs_of(whole, packing, first, count), first, whole.outputs};
}

PlanEvaluation::Block PlanEvaluation::frames(const Block& block) {
  const int share = (block.count + block.shares - 1) / block.shares;
  const int first = std::min(block.share * share, block.count);
  Block part = block;
  part.first += first;
  part.slot += first;
  part.count = std::min(share, block.count - first);
  return part;
}

float* PlanEvaluation::x(const Block& block) const {
  return reinterpret_cast<float*>(bytes_of(x_)) + position(block) * sizes_.channels;
}

float* PlanEvaluation::floats(const Block& block) const {
  return reinterpret_cast<float*>(bytes_of(floats_)) + block.slot * sizes_.channels;
}

char* PlanEvaluation::hidden(const Block& block) const {
  return bytes_of(hidden_) + block.slot * hidden_bytes();
}

char* PlanEvaluation::active(const Block& block) const {
  return bytes_of(hidden_) + block.slot * sizes_.channels * kernels_.operand;
}

void PlanEvaluation::resnet_in(Walk& walk, std::size_t index) {
  const PlanStage& stage = layers_.stages[index];
  const Windows& input = input_of(index);
  walk.blocks(
      [&](const Block& block) {
        kernels_.convolve_to_floats(outputs(stage.conv1, kernels_.packing, block),
                                    input.window(block.row, block.first), block.count,
                                    floats(block));
      },
      [&](const Block& block) {
        const Block part = frames(block);
        kernels_.activate_between(
            sizes_, stage.norm1.view(), floats(part), part.count,
            index == 0 ? input_->conv + position(part) * sizes_.channels : nullptr,
            input_->time[index], half_.frame(part.row, part.first));
        end(input, 2 * index, block);
        begin(half_, 2 * index + 1, block);
      });
}

void PlanEvaluation::resnet_out(Walk& walk, std::size_t index) {
  const PlanStage& stage = layers_.stages[index];
  walk.blocks(
      [&](const Block& block) {
        kernels_.convolve_to_floats(outputs(stage.conv2, kernels_.packing, block),
                                    half_.window(block.row, block.first), block.count,
                                    floats(block));
      },
      [&](const Block& block) {
        const Block part = frames(block);
        kernels_.activate_after(
            sizes_, stage.norm2.view(), floats(part), part.count,
            index == 0 ? input_->shortcut + position(part) * sizes_.channels : nullptr, x(part));
        end(half_, 2 * index + 1, block);
      },
      [&](const Block& block) {
        kernels_.add_product(outputs(stage.shortcut, kernels_.packing, block),
                             input_of(index).frame(block.row, block.first), block.count, x(block));
      },
      [&](const Block& block) { project(stage.blocks[0].qkv, block); });
}

void PlanEvaluation::project(const PackedLinear& qkv, const Block& block) {
  kernels_.project(sizes_, outputs(qkv, kernels_.block_packing, block), x(block), block.count,
                   bytes_of(qkv_) + position(block) * 3 * sizes_.inner() * kernels_.operand,
                   block.scratch);
}

void PlanEvaluation::remember(std::size_t layer, int head) {
  const std::int64_t inner = sizes_.inner();
  const std::int64_t row = head / sizes_.heads, in_row = head % sizes_.heads;
  const char* queries =
      bytes_of(qkv_) + (row * input_->frames * 3 * inner + in_row * sizes_.dim) * kernels_.operand;
  kernels_.remember(sizes_, queries + inner * kernels_.operand,
                    queries + 2 * inner * kernels_.operand, std::size_t(3 * inner), input_->frames,
                    int(positions_[layer]), memory(layer).own().head(head));
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
void PlanEvaluation::transform(Walk& walk, std::size_t index, std::size_t i) {
  const PlanStage& stage = layers_.stages[index];
  const PlanBlock& layers = stage.blocks[i];
  const Packing& packing = kernels_.block_packing;
  walk.blocks(
      [&](const Block& block) {
        kernels_.add_attended(
            sizes_, outputs(layers.out, packing, block),
            bytes_of(attended_) + position(block) * sizes_.inner() * kernels_.operand, block.count,
            x(block), block.scratch);
      },
      [&](const Block& block) {
        kernels_.expand(sizes_, outputs(layers.expand, packing, block), x(block), block.count,
                        hidden(block), block.scratch);
      },
      [&](const Block& block) {
        kernels_.contract(sizes_, outputs(layers.contract, packing, block), hidden(block),
                          block.count, x(block), block.scratch);
      },
      [&](const Block& block) {
        if (i + 1 < stage.blocks.size())
          project(stage.blocks[i + 1].qkv, block);
        else
          hand_on(index, block);
      });
}

// A stage's result to those that read it.
void PlanEvaluation::hand_on(std::size_t index, const Block& block) {
  const std::int64_t channels = sizes_.channels;
  const Block part = frames(block);
  const float* result = x(part);
  const auto put = [&](const Windows& windows, std::int64_t offset) {
    for (int t = 0; t < part.count; ++t)
      kernels_.to_operands(result + t * channels, int(channels),
                           windows.frame(part.row, part.first + t) + offset * kernels_.operand);
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

void PlanEvaluation::convolve(Walk& walk, const PackedLinear& conv, std::size_t slot,
                              std::size_t next) {
  walk.blocks([&](const Block& block) {
    kernels_.convolve(outputs(conv, kernels_.packing, block), out_.window(block.row, block.first),
                      block.count, convolved_.frame(block.row, block.first));
    end(out_, slot, block);
    begin(convolved_, next, block);
  });
}

void PlanEvaluation::finish(Walk& walk) {
  walk.blocks(
      [&](const Block& block) {
        kernels_.convolve_to_floats(outputs(layers_.final_conv, kernels_.packing, block),
                                    convolved_.window(block.row, block.first), block.count,
                                    floats(block));
      },
      [&](const Block& block) {
        const Block part = frames(block);
        kernels_.activate_last(sizes_, layers_.final_norm.view(), floats(part), part.count,
                               active(part));
        end(convolved_, final_slot(), block);
      },
      [&](const Block& block) {
        kernels_.put_product(outputs(layers_.projection, kernels_.packing, block), active(block),
                             block.count, velocities_ + position(block) * kMelBands);
      });
}

}  // namespace chatterbox

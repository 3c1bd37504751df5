// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/plan/residual_plan.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "nn/large_pages.h"
#include "nn/team.h"
#include "nn/threads.h"

namespace chatterbox {

ResidualBlock::Half::Half(const Snake& snake, const Conv1d& conv, const ResidualKernels& kernels)
    : alpha(snake.alpha.reshape({-1}).contiguous()),
      inverse(snake.inverse.reshape({-1}).contiguous()),
      weights(conv.weight.permute({0, 2, 1}).reshape({conv.weight.size(0), -1}), conv.bias,
              kernels.packing),
      channels(int(conv.weight.size(1))),
      kernel(int(conv.weight.size(2))),
      dilation(int(conv.options.dilation)) {}

SnakeView ResidualBlock::Half::bend() const {
  return {alpha.data_ptr<float>(), inverse.data_ptr<float>()};
}

ConvView ResidualBlock::Half::view() const { return {weights.view(), channels, kernel, dilation}; }

// Buffers and threads of one call at a time. Grows to the largest so far.
class ResidualEvaluation {
 public:
  ResidualEvaluation(const ResidualKernels& kernels, int threads)
      : kernels_(kernels), scratch_(std::size_t(std::max(threads, 1))) {
    team_ = std::make_unique<Team>(std::max(threads, 1), [this](int member) { walk(member); });
  }

  int threads() const { return team_->size(); }

  // x and the result (frames, channels); by so many of the threads.
  void run(const float* x, std::int64_t frames, const std::vector<const ResidualBlock*>& blocks,
           float* mean, int threads) {
    x_ = x;
    mean_ = mean;
    frames_ = frames;
    blocks_ = blocks;
    channels_ = blocks[0]->halves[0].channels;
    reach_ = 0;
    std::size_t phases = 0;
    for (const ResidualBlock* block : blocks) {
      phases += 1 + block->halves.size();
      for (const ResidualBlock::Half& half : block->halves) reach_ = std::max(reach_, half.reach());
    }
    grow(residual_, frames * channels_ * std::int64_t(sizeof(float)));
    for (at::Tensor* operands : {&first_, &second_}) {
      grow(*operands, (frames + 2 * reach_ + kernels_.slack) * row_bytes());
      // Rows before and after are silent.
      std::memset(bytes_of(*operands), 0, std::size_t(reach_ * row_bytes()));
      std::memset(bytes_of(*operands) + (reach_ + frames) * row_bytes(), 0,
                  std::size_t(reach_ * row_bytes()));
    }
    for (at::Tensor& each : scratch_) grow(each, std::int64_t(kernels_.scratch_bytes(channels_)));
    if (phases_.size() < phases) {
      // Members on their way out of the run before still look at its phases.
      team_.reset();
      phases_ = std::vector<Phase>(phases);
      const int members = int(scratch_.size());
      team_ = std::make_unique<Team>(members, [this](int member) { walk(member); });
    }
    const std::uint32_t run = run_.load(std::memory_order_relaxed) + 1;
    for (Phase& phase : phases_) phase.reset(run);
    pieces_.store((frames + kernels_.frames - 1) / kernels_.frames, std::memory_order_relaxed);
    halves_.store(int(blocks[0]->halves.size()), std::memory_order_relaxed);
    count_.store(int(blocks.size()), std::memory_order_relaxed);
    run_.store(run, std::memory_order_release);
    team_->run(threads);
  }

 private:
  static void grow(at::Tensor& memory, std::int64_t bytes) {
    if (!memory.defined() || memory.size(0) < bytes)
      memory = empty_in_large_pages({bytes}, at::kByte);
  }
  static char* bytes_of(const at::Tensor& memory) { return static_cast<char*>(memory.data_ptr()); }
  std::int64_t row_bytes() const { return std::int64_t(channels_) * kernels_.operand; }
  char* operands(const at::Tensor& memory, std::int64_t frame) const {
    return bytes_of(memory) + (reach_ + frame) * row_bytes();
  }
  float* residual(std::int64_t frame) const {
    return reinterpret_cast<float*>(bytes_of(residual_)) + frame * channels_;
  }

  void walk(int member) {
    const std::uint32_t run = run_.load(std::memory_order_acquire);
    const std::int64_t pieces = pieces_.load(std::memory_order_relaxed);
    const int count = count_.load(std::memory_order_relaxed);
    const int halves = halves_.load(std::memory_order_relaxed);
    Phase* phase = phases_.data();
    for (int b = 0; b < count; ++b) {
      (phase++)->share(run, pieces, [&](std::int64_t n) { begin(b, n); });
      for (int i = 0; i < halves; ++i)
        (phase++)->share(run, pieces, [&](std::int64_t n) {
          if (i % 2 == 0)
            dilated(b, i, n, member);
          else
            plain(b, i, n);
        });
    }
  }

  struct Piece {
    std::int64_t first;
    int frames;
  };
  Piece piece(std::int64_t n) const {
    const std::int64_t first = n * kernels_.frames;
    return {first, int(std::min<std::int64_t>(kernels_.frames, frames_ - first))};
  }
  const ResidualBlock::Half& half(int block, int i) const {
    return blocks_[std::size_t(block)]->halves[std::size_t(i)];
  }

  void begin(int block, std::int64_t n) {
    const auto [first, frames] = piece(n);
    const float* x = x_ + first * channels_;
    std::copy_n(x, frames * channels_, residual(first));
    kernels_.activate(x, frames, channels_, half(block, 0).bend(), operands(first_, first));
  }

  void dilated(int block, int i, std::int64_t n, int member) {
    const auto [first, frames] = piece(n);
    const ResidualBlock::Half& conv = half(block, i);
    kernels_.convolve(conv.view(), operands(first_, first - conv.reach()), frames,
                      half(block, i + 1).bend(), operands(second_, first),
                      scratch_[std::size_t(member)].data_ptr());
  }

  void plain(int block, int i, std::int64_t n) {
    const auto [first, frames] = piece(n);
    const ResidualBlock::Half& conv = half(block, i);
    float* x = residual(first);
    kernels_.add(conv.view(), operands(second_, first - conv.reach()), frames, x);
    if (i + 1 < int(blocks_[std::size_t(block)]->halves.size()))
      return kernels_.activate(x, frames, channels_, half(block, i + 1).bend(),
                               operands(first_, first));
    float* mean = mean_ + first * channels_;
    const float share = 1.0f / float(blocks_.size());
    for (std::int64_t j = 0; j < std::int64_t(frames) * channels_; ++j)
      mean[j] = block == 0 ? x[j] * share : mean[j] + x[j] * share;
  }

  const ResidualKernels& kernels_;
  // The call at hand.
  const float* x_ = nullptr;
  float* mean_ = nullptr;
  std::int64_t frames_ = 0;
  int channels_ = 0, reach_ = 0;
  std::vector<const ResidualBlock*> blocks_;
  // Atomic, as members that come late read them in vain.
  std::atomic<std::int64_t> pieces_{0};
  std::atomic<int> count_{0}, halves_{0};

  at::Tensor residual_, first_, second_;
  std::vector<at::Tensor> scratch_;  // one per member
  std::atomic<std::uint32_t> run_{0};
  std::vector<Phase> phases_;
  std::unique_ptr<Team> team_;  // last, as its threads use all of the above
};

ResidualPlan::ResidualPlan(const ResidualKernels& kernels) : kernels_(kernels) {}

ResidualPlan::~ResidualPlan() = default;

at::Tensor ResidualPlan::operator()(const at::Tensor& x,
                                    const std::vector<const ResidualBlock*>& blocks) const {
  std::unique_ptr<ResidualEvaluation> evaluation = idle_.take();
  const int threads = kernel_threads();
  if (!evaluation || evaluation->threads() < threads)
    evaluation = std::make_unique<ResidualEvaluation>(kernels_, threads);
  const at::Tensor rows = x.contiguous();
  const at::Tensor mean = at::empty_like(rows);
  evaluation->run(rows.data_ptr<float>(), rows.size(0), blocks, mean.data_ptr<float>(), threads);
  idle_.give_back(std::move(evaluation));
  return mean;
}

}  // namespace chatterbox

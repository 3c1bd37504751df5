// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "hift/hift.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "hift/plan/residual_plan.h"
#include "hift/snake.h"
#include "nn/check.h"
#include "nn/row_convolution.h"

namespace chatterbox {
namespace {

constexpr double kLeak = 0.1;
constexpr double kLastLeak = 0.01;
constexpr double kLargestMagnitude = 100.0;
constexpr double kLoudest = 0.99;
constexpr std::array<std::int64_t, 3> kDilations{1, 3, 5};
constexpr std::array<std::int64_t, 3> kKernels{3, 7, 11};

// Channels of spectra as rows, whole vectors.
constexpr std::int64_t kSpectrumColumns = 32;

constexpr std::int64_t kHopsPerFrame = kSamplesPerFrame / kSpectrumHop;

// One stage: it upsamples by `rate`; `spectra` spectrum frames of the
// excitation make one of its own. Samples depend on its input `reach` mel
// frames to either side.
struct StageShape {
  std::int64_t rate, kernel, spectra, source_kernel, reach;
};
constexpr std::array<StageShape, 3> kStages{
    {{8, 16, 15, 7, Hift::kReach}, {5, 11, 3, 7, 4}, {3, 7, 1, 11, 2}}};

Conv1d normed_conv(const Weights& weights, std::int64_t in, std::int64_t out, std::int64_t kernel,
                   std::int64_t dilation = 1) {
  return Conv1d(
      weights, in, out, kernel,
      ConvOptions{
          .padding = dilation * (kernel - 1) / 2, .dilation = dilation, .weight_norm = true});
}

// Kernels of the residual blocks' convolutions, the best first.
std::vector<const ResidualKernels*> choose_kernels(const Placement& placement) {
  if (!placement.device.is_cpu()) return {};
  return residual_kernels(placement.dtype == at::kBFloat16 ? ResidualPrecision::kBFloat16
                                                           : ResidualPrecision::kFloat);
}

}  // namespace

// Residual convolutions of growing reach around Snake activations.
struct Hift::ResBlock {
  ResBlock(const Weights& weights, std::int64_t channels, std::int64_t kernel) {
    for (std::size_t i = 0; i < kDilations.size(); ++i) {
      const std::string n = std::to_string(i);
      convs1.push_back(
          normed_conv(weights.scope("convs1." + n), channels, channels, kernel, kDilations[i]));
      convs2.push_back(normed_conv(weights.scope("convs2." + n), channels, channels, kernel));
      snakes1.emplace_back(weights.scope("activations1." + n), channels);
      snakes2.emplace_back(weights.scope("activations2." + n), channels);
    }
  }

  ResidualBlock packed(const ResidualKernels& kernels) const {
    ResidualBlock block;
    for (std::size_t i = 0; i < convs1.size(); ++i) {
      block.halves.emplace_back(snakes1[i], convs1[i], kernels);
      block.halves.emplace_back(snakes2[i], convs2[i], kernels);
    }
    return block;
  }

  // x (1, channels, T) -> same
  at::Tensor operator()(at::Tensor x) const {
    for (std::size_t i = 0; i < convs1.size(); ++i)
      x = convs2[i](snakes2[i](convs1[i](snakes1[i](x)))).add_(x);
    return x;
  }

  std::vector<Conv1d> convs1, convs2;
  std::vector<Snake> snakes1, snakes2;
};

// The mean of residual blocks that are computed side by side: by a plan or, where there is none, by
// libtorch.
class Hift::ResBlocks {
 public:
  ResBlocks(std::vector<ResBlock> blocks, const ResidualPlan* plan) : plan_(plan) {
    if (!plan) {
      blocks_ = std::move(blocks);
      return;
    }
    for (const ResBlock& block : blocks) packed_.push_back(block.packed(plan->kernels()));
    for (const ResidualBlock& block : packed_) all_.push_back(&block);
  }

  // x (1, channels, T), or by a plan (T, channels) -> same
  at::Tensor operator()(const at::Tensor& x) const {
    if (plan_) return (*plan_)(x, all_);
    at::Tensor sum = blocks_[0](x);
    for (std::size_t i = 1; i < blocks_.size(); ++i) sum.add_(blocks_[i](x));
    return sum.div_(double(blocks_.size()));
  }

 private:
  std::vector<ResBlock> blocks_;
  const ResidualPlan* plan_;
  std::vector<ResidualBlock> packed_;
  std::vector<const ResidualBlock*> all_;
};

struct Hift::Stage {
  Stage(const Weights& weights, std::size_t index, std::int64_t in, const ResidualPlan* plan)
      : shape(kStages[index]),
        up(weights.scope("ups").scope(std::to_string(index)), in, in / 2, shape.kernel,
           ConvOptions{.stride = shape.rate,
                       .padding = (shape.kernel - shape.rate) / 2,
                       .weight_norm = true}),
        source_down(weights.scope("source_downs").scope(std::to_string(index)), 2 * kSpectrumBins,
                    in / 2, shape.spectra == 1 ? 1 : 2 * shape.spectra,
                    ConvOptions{.stride = shape.spectra, .padding = shape.spectra / 2}),
        source_block({ResBlock(weights.scope("source_resblocks").scope(std::to_string(index)),
                               in / 2, shape.source_kernel)},
                     plan),
        blocks(make_blocks(weights.scope("resblocks"), index, in / 2), plan) {
    if (!plan) return;
    up_rows.emplace(up);
    source_rows.emplace(source_down, kSpectrumColumns);
    up.weight.reset();
    source_down.weight.reset();
  }

  static std::vector<ResBlock> make_blocks(const Weights& weights, std::size_t index,
                                           std::int64_t channels) {
    std::vector<ResBlock> blocks;
    for (std::size_t i = 0; i < kKernels.size(); ++i)
      blocks.emplace_back(weights.scope(std::to_string(index * kKernels.size() + i)), channels,
                          kKernels[i]);
    return blocks;
  }

  // x (1, in, T), spectra of the excitation (1, 18, S) -> (1, in / 2, T')
  at::Tensor operator()(at::Tensor x, const at::Tensor& spectra) const {
    x = up(at::leaky_relu(x, kLeak));
    // Spectra are one more than hops; the last stage mirrors its beginning.
    if (shape.spectra == 1) x = at::reflection_pad1d(x, {1, 0});
    return blocks(x.add_(source_block(source_down(spectra))));
  }

  // The same by plans: x (T, in), spectra (S, kSpectrumColumns) -> (T', in / 2)
  at::Tensor by_rows(at::Tensor x, const at::Tensor& spectra) const {
    x = (*up_rows)(at::leaky_relu(x, kLeak));
    if (shape.spectra == 1) x = at::cat({x.narrow(0, 1, 1), x});
    return blocks(x.add_(source_block((*source_rows)(spectra))));
  }

  StageShape shape;
  ConvTranspose1d up;
  Conv1d source_down;
  std::optional<RowUpsampling> up_rows;  // in their place
  std::optional<RowConvolution> source_rows;
  ResBlocks source_block, blocks;
};

Hift::Hift(const Weights& given, const HiftConfig& config)
    : Hift(given, config, choose_kernels(given.placement())) {}

Hift::Hift(const Weights& given, const HiftConfig& config,
           const std::vector<const ResidualKernels*>& kernels)
    : f0_predictor_(given.with_dtype(at::kFloat).scope("f0_predictor"), config.f0_channels),
      source_(given.with_dtype(at::kFloat).scope("m_source"), config.harmonics),
      spectrum_(at::TensorOptions(given.placement().device).dtype(at::kFloat)),
      conv_pre_(normed_conv(given.with_dtype(at::kFloat).scope("conv_pre"), kMelBands,
                            config.channels, 7)),
      conv_post_(normed_conv(given.with_dtype(at::kFloat).scope("conv_post"),
                             config.channels >> kStages.size(), 2 * kSpectrumBins, 7)) {
  const Weights weights = given.with_dtype(at::kFloat);
  for (const ResidualKernels* each : kernels)
    plans_.push_back(std::make_unique<const ResidualPlan>(*each));
  // By plans throughout or not at all, so that data is transposed at the ends alone.
  std::array<const ResidualPlan*, kStages.size()> plans{};
  for (std::size_t i = 0; i < kStages.size(); ++i)
    for (const auto& plan : plans_)
      if (!plans[i] && plan->fits(config.channels >> (i + 1))) plans[i] = plan.get();
  const bool by_plans = std::find(plans.begin(), plans.end(), nullptr) == plans.end();
  for (std::size_t i = 0; i < kStages.size(); ++i)
    stages_.push_back(
        std::make_unique<Stage>(weights, i, config.channels >> i, by_plans ? plans[i] : nullptr));
  if (by_plans) {
    post_rows_ =
        std::make_unique<const RowConvolution>(conv_post_, config.channels >> kStages.size());
    conv_post_.weight.reset();
  }
}

Hift::~Hift() = default;

at::Tensor Hift::decode(const at::Tensor& mel, const at::Tensor& source, std::int64_t begin,
                        std::int64_t end) const {
  const std::int64_t frames = mel.size(2);
  check_shape("mel", mel, {1, kMelBands, kAny});
  check_shape("excitation", source, {1, 1, frames * kSamplesPerFrame});
  const bool by_rows = post_rows_ != nullptr;
  const int time = by_rows ? 0 : 2;
  at::Tensor spectra = spectrum_.analyse(source[0]);
  at::Tensor x = conv_pre_(mel);
  if (by_rows) {
    spectra = at::constant_pad_nd(spectra[0].t(), {0, kSpectrumColumns - 2 * kSpectrumBins});
    x = x[0].t();
  }

  // Later stages see less far, so each works on a narrower span of frames.
  std::int64_t from = 0, to = frames, rate = 1;
  for (const auto& stage : stages_) {
    const std::int64_t first = std::max(from, begin - stage->shape.reach);
    const std::int64_t last = std::min(to, end + stage->shape.reach);
    x = x.narrow(time, (first - from) * rate, (last - first) * rate);
    const at::Tensor around =
        spectra.narrow(time, first * kHopsPerFrame, (last - first) * kHopsPerFrame + 1);
    x = by_rows ? stage->by_rows(x, around) : (*stage)(x, around);
    rate *= stage->shape.rate;
    from = first;
    to = last;
  }
  x = at::leaky_relu(x, kLastLeak);
  x = by_rows ? (*post_rows_)(x).t() : conv_post_(x)[0];

  const at::Tensor magnitude = x.narrow(0, 0, kSpectrumBins).exp().clamp_max_(kLargestMagnitude);
  const at::Tensor phase = x.narrow(0, kSpectrumBins, kSpectrumBins).sin();
  const at::Tensor spectrum = at::cat({magnitude * phase.cos(), magnitude * phase.sin()});
  return spectrum_.synthesise(spectrum.unsqueeze(0))
      .narrow(1, (begin - from) * kSamplesPerFrame, (end - begin) * kSamplesPerFrame)
      .clamp_(-kLoudest, kLoudest);
}

}  // namespace chatterbox

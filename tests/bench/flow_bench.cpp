// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors

// Prints what one evaluation of the flow's estimator costs at the published sizes
// with random weights, by each of the kernels that this processor has and by
// libtorch, beside the rate that the machine multiplies matrices with.
//
//   flow_bench [threads] [frames] [rows] [evaluations] [all|torch|mel|NAME OF KERNELS]

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "peak.h"
#include "s3gen/flow_matching.h"
#include "s3gen/plan/plan_layers.h"
#include "support/random_s3gen.h"

namespace chatterbox {
namespace {

using test::RandomS3Gen;

struct Run {
  int threads = 2, frames = 1000, rows = 2, evaluations = 3;
  std::string which = "all";
};

// The shortest of several runs, s.
double best_of(int times, const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < times; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

// Of the difference, below what is right.
double decibels(const at::Tensor& got, const at::Tensor& right) {
  return -10 * std::log10(((got - right).square().mean() / right.square().mean()).item<double>());
}

// Multiplications and additions of one evaluation.
double operations(const EstimatorConfig& sizes, double rows, double frames) {
  const double c = sizes.channels, inner = double(sizes.heads) * sizes.head_dim;
  const double block = 4 * c * inner + 8 * c * c + 2 * frames * inner;
  const double stages = sizes.mid_blocks + 2;
  const double stage = sizes.blocks * block + 7 * c * c;
  return 2 * rows * frames * (stages * stage + 9 * c * c + 4 * c * c + 4 * kMelBands * c);
}

PeakNumbers numbers_of(FlowPrecision precision) {
  return precision == FlowPrecision::kInt8       ? PeakNumbers::kInt8
         : precision == FlowPrecision::kBFloat16 ? PeakNumbers::kBFloat16
                                                 : PeakNumbers::kFloat;
}

at::Tensor measure(const Run& run, const std::shared_ptr<const TensorFile>& file,
                   const EstimatorConfig& sizes, const FlowKernelSet* set,
                   const at::Tensor& right) {
  const FlowKernels* kernels = set ? set->kernels : nullptr;
  const FlowEstimator estimator(Weights(file, {}).scope("flow").scope("decoder.estimator"), sizes,
                                FlowKind::kGuided, at::kFloat, kernels);
  const auto normal = [](std::uint64_t seed, std::vector<std::int64_t> shape) {
    return Noise(seed, NoiseStream::kFlow).normal(0, c10::multiply_integers(shape)).view(shape);
  };
  const at::Tensor x = normal(1, {run.frames, kMelBands});
  const auto condition = estimator.condition(normal(2, {run.rows, run.frames, kMelBands}),
                                             normal(3, {run.rows, kMelBands}),
                                             normal(4, {run.rows, run.frames, kMelBands}), nullptr);
  const auto time = estimator.at_time(0.3, 0.5);
  const at::Tensor result = estimator(x, condition, time, {}, nullptr);
  const double seconds = best_of(
      run.evaluations, [&] { estimator(x, condition, time, /*bias=*/{}, /*cache=*/nullptr); });
  const double rate = operations(sizes, run.rows, run.frames) / seconds;
  std::printf("%-18s %9.1f %9.0f", kernels ? kernels->name : "libtorch float32", 1e3 * seconds,
              1e-9 * rate);
  if (kernels) {
    const double peak =
        peak_rate(numbers_of(set->precision), kernels->packing.columns > 16, run.threads);
    std::printf(" %9.0f %8.0f %%", 1e-9 * peak, 100 * rate / peak);
  } else {
    std::printf(" %9s %10s", "", "");
  }
  if (right.defined()) std::printf(" %9.1f", decibels(result, right));
  std::printf("\n");
  std::fflush(stdout);
  return result;
}

// How near the mel of all steps comes to that of float32, from the same noise.
void compare_mels(const std::shared_ptr<const TensorFile>& file, const ModelConfig& config,
                  int frames) {
  const auto normal = [&](std::uint64_t seed) {
    return Noise(seed, NoiseStream::kFlow).normal(0, frames * kMelBands).view({frames, kMelBands});
  };
  const at::Tensor known = normal(4);
  known.narrow(0, frames / 2, frames - frames / 2).zero_();
  at::Tensor right;
  for (const auto& [name, type] :
       {std::pair{"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"int8", at::kChar}}) {
    const FlowMatching flow(Weights(file, {}).scope("flow").scope("decoder.estimator"),
                            config.s3gen.estimator, config.s3gen.flow, type);
    const at::Tensor mel = flow(normal(1), normal(2), normal(3).narrow(0, 0, 1), known,
                                /*bias=*/{}, /*cache=*/nullptr, /*checkpoint=*/{});
    if (!right.defined()) {
      right = mel;
      continue;
    }
    std::printf("mel of %d steps, %d frames, %-10s %6.1f dB\n", config.s3gen.flow.steps, frames,
                name, decibels(mel, right));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace chatterbox

int main(int argc, char** argv) {
  using namespace chatterbox;
  c10::InferenceMode inference;
  Run run;
  if (argc > 1) run.threads = std::max(1, std::atoi(argv[1]));
  if (argc > 2) run.frames = std::max(1, std::atoi(argv[2]));
  if (argc > 3) run.rows = std::max(1, std::atoi(argv[3]));
  if (argc > 4) run.evaluations = std::max(1, std::atoi(argv[4]));
  if (argc > 5) run.which = argv[5];
  at::set_num_threads(run.threads);
  const ModelConfig config;
  const auto file = std::make_shared<test::RandomS3Gen>(config);
  std::printf("one evaluation, %d rows of %d frames, %d threads\n", run.rows, run.frames,
              run.threads);
  std::printf("%-18s %9s %9s %9s %10s %9s\n", "by", "ms", "Gop/s", "peak", "share", "SNR, dB");
  at::Tensor right;
  if (run.which == "all" || run.which == "torch")
    right = measure(run, file, config.s3gen.estimator, nullptr, {});
  for (const FlowKernelSet& set : flow_kernel_sets())
    if (set.runs && (run.which == "all" || run.which == set.kernels->name))
      measure(run, file, config.s3gen.estimator, &set, right);
  if (run.which == "all" || run.which == "mel") compare_mels(file, config, 200);
}

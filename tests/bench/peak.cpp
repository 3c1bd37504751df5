// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "nn/cpu_features.h"
#include "nn/kernels.h"

namespace chatterbox {

using Multiply = std::int64_t (*)(int repeats);
#if defined(__x86_64__)
std::int64_t floats_by_avx2(int repeats);
std::int64_t bytes_by_avx2(int repeats);
std::int64_t floats_by_avx512(int repeats);
std::int64_t bfloat16_by_avx512(int repeats);
std::int64_t bytes_by_avx512(int repeats);
#endif

namespace {

Multiply products(PeakNumbers numbers, bool wide) {
#if defined(__x86_64__)
  if (!supports(wide ? Isa::kAvx512 : Isa::kAvx2)) return nullptr;
  switch (numbers) {
    case PeakNumbers::kFloat:
      return wide ? floats_by_avx512 : floats_by_avx2;
    case PeakNumbers::kBFloat16:
      return wide && has_fast_bfloat16() ? bfloat16_by_avx512 : nullptr;
    case PeakNumbers::kInt8:
      return !wide ? bytes_by_avx2 : has_fast_int8() ? bytes_by_avx512 : nullptr;
  }
#endif
  return nullptr;
}

}  // namespace

double peak_rate(PeakNumbers numbers, bool wide, int threads) {
  constexpr int kRepeats = 4000, kTimes = 8;
  const Multiply multiply = products(numbers, wide);
  if (!multiply) return 0;
  double best = 0;
  for (int time = 0; time < kTimes; ++time) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back([&] { multiply(kRepeats); });
    const double each = double(multiply(kRepeats));
    for (std::thread& other : others) other.join();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, each * threads / seconds.count());
  }
  return best;
}

double peak_rate(PeakNumbers numbers, int threads) {
  const double wide = peak_rate(numbers, /*wide=*/true, threads);
  return wide > 0 ? wide : peak_rate(numbers, /*wide=*/false, threads);
}

}  // namespace chatterbox

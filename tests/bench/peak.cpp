// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "peak.h"

#include <algorithm>
#include <atomic>
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

// All threads work as long as it takes, as those of a stage do: a short burst meets a clock and
// neighbours that a stage does not. What counts is the middle of what all did in each part of it.
double peak_rate(PeakNumbers numbers, bool wide, int threads) {
  constexpr int kRepeats = 4000, kParts = 9;
  constexpr std::chrono::milliseconds kPart{40};
  const Multiply multiply = products(numbers, wide);
  if (!multiply) return 0;
  std::atomic<std::int64_t> done{0};
  std::atomic<bool> over{false};
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i)
    workers.emplace_back([&] {
      while (!over) done += multiply(kRepeats);
    });
  std::vector<double> rates;
  std::int64_t before = 0;
  auto start = std::chrono::steady_clock::now();
  // The first part, in which threads start, is left out.
  for (int part = 0; part <= kParts; ++part) {
    std::this_thread::sleep_for(kPart);
    const std::int64_t now_done = done;
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> seconds = now - start;
    if (part > 0) rates.push_back(double(now_done - before) / seconds.count());
    before = now_done;
    start = now;
  }
  over = true;
  for (std::thread& worker : workers) worker.join();
  std::nth_element(rates.begin(), rates.begin() + kParts / 2, rates.end());
  return rates[kParts / 2];
}

double peak_rate(PeakNumbers numbers, int threads) {
  const double wide = peak_rate(numbers, /*wide=*/true, threads);
  return wide > 0 ? wide : peak_rate(numbers, /*wide=*/false, threads);
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace chatterbox {
namespace {

// Blocks of four numbers are made this many at a time, side by side, so that
// the compiler can use vector registers.
constexpr std::int64_t kLanes = 64;
constexpr std::int64_t kWords = 4;
constexpr std::int64_t kBatch = kLanes * kWords;

using Words = std::array<std::array<std::uint32_t, kLanes>, kWords>;

// Philox counters block .. block + kLanes - 1 of one stream.
void philox(std::uint64_t seed, std::uint32_t stream, std::uint64_t block, Words& words) {
  auto& [c0, c1, c2, c3] = words;
  for (std::int64_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t counter = block + std::uint64_t(lane);
    c0[lane] = std::uint32_t(counter);
    c1[lane] = std::uint32_t(counter >> 32);
    c2[lane] = stream;
    c3[lane] = 0;
  }
  std::uint32_t k0 = std::uint32_t(seed), k1 = std::uint32_t(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const std::uint64_t p0 = std::uint64_t(0xD2511F53u) * c0[lane];
      const std::uint64_t p1 = std::uint64_t(0xCD9E8D57u) * c2[lane];
      c0[lane] = std::uint32_t(p1 >> 32) ^ c1[lane] ^ k0;
      c1[lane] = std::uint32_t(p1);
      c2[lane] = std::uint32_t(p0 >> 32) ^ c3[lane] ^ k1;
      c3[lane] = std::uint32_t(p0);
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

// (0, 1): never zero, because a logarithm follows.
float open_unit(std::uint32_t word) { return (float(word >> 8) + 0.5f) * 0x1p-24f; }
// [0, 1)
float half_open_unit(std::uint32_t word) { return float(word >> 8) * 0x1p-24f; }

// Box-Muller: two words make two independent normal numbers.
void to_normal(const Words& words, std::array<float, kBatch>& out) {
  for (std::int64_t pair = 0; pair < 2; ++pair) {
    const auto& a = words[2 * pair];
    const auto& b = words[2 * pair + 1];
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const float radius = std::sqrt(-2.0f * std::log(open_unit(a[lane])));
      const float angle = 2.0f * std::numbers::pi_v<float> * half_open_unit(b[lane]);
      out[lane * kWords + 2 * pair] = radius * std::cos(angle);
      out[lane * kWords + 2 * pair + 1] = radius * std::sin(angle);
    }
  }
}

void to_uniform(const Words& words, std::array<float, kBatch>& out) {
  for (std::int64_t lane = 0; lane < kLanes; ++lane)
    for (std::int64_t word = 0; word < kWords; ++word)
      out[lane * kWords + word] = half_open_unit(words[word][lane]);
}

template <typename Convert>
void fill(std::uint64_t seed, NoiseStream stream, std::int64_t first, std::int64_t count,
          float* out, Convert convert) {
  Words words;
  std::array<float, kBatch> batch;
  const std::int64_t end = first + count;
  for (std::int64_t start = first - first % kBatch; start < end; start += kBatch) {
    philox(seed, std::uint32_t(stream), std::uint64_t(start / kWords), words);
    convert(words, batch);
    const std::int64_t from = std::max(start, first), to = std::min(start + kBatch, end);
    std::copy(batch.begin() + (from - start), batch.begin() + (to - start), out + (from - first));
  }
}

}  // namespace

at::Tensor Noise::normal(std::int64_t first, std::int64_t count) const {
  at::Tensor out = at::empty({count}, at::kFloat);
  normal(first, count, out.data_ptr<float>());
  return out;
}

void Noise::normal(std::int64_t first, std::int64_t count, float* out) const {
  fill(seed_, stream_, first, count, out, to_normal);
}

void Noise::uniform(std::int64_t first, std::int64_t count, float* out) const {
  fill(seed_, stream_, first, count, out, to_uniform);
}

}  // namespace chatterbox

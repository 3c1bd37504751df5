// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Keys and values of the estimator's attention as signed bytes; for files that are
// compiled for one instruction set.
#pragma once

#include "nn/simd/functions.h"
#include "nn/simd/multiply.h"
#include "s3gen/plan/flow_kernels.h"

namespace chatterbox {
namespace {

// Numbers of P as bytes. A key has a scale of its own, and loses what the first
// keys are on average: softmax does not care what all keys share, and less is
// left to round. A channel of all values has one scale, so that weighted sums of
// bytes are exact; where later values are larger, earlier ones are rounded again.
template <class P>
struct ByteMemory {
  using Number = typename P::Number;
  static constexpr float kLargest = 127;
  // Scales of values grow by more than they must, so that they do so rarely.
  static constexpr float kHeadroom = 1.25f;

  static void remember(const FlowSizes& sizes, const void* keys, const void* values,
                       std::size_t stride, int count, int position, const HeadView& to) {
    const Number *k = static_cast<const Number*>(keys), *v = static_cast<const Number*>(values);
    if (position == 0 && to.begins) find_mean(sizes.dim, k, stride, count, to.key_mean);
    for (int i = 0; i < count;) {
      // Up to the next whole vector of positions.
      const int some = smaller(kWidth - (position + i) % kWidth, count - i);
      remember_keys(sizes.dim, k + std::size_t(i) * stride, stride, some, position + i, to);
      i += some;
    }
    fit_scales(sizes.dim, v, stride, count, position, to);
    for (int i = 0; i < count;) {
      const int some =
          smaller(ByteProducts::kGroup - (position + i) % ByteProducts::kGroup, count - i);
      remember_values(sizes.dim, v + std::size_t(i) * stride, stride, some, position + i, to);
      i += some;
    }
  }

 private:
  static void find_mean(int dim, const Number* keys, std::size_t stride, int count, float* mean) {
    for (int c = 0; c < dim; c += kWidth) {
      Floats total = set1(0);
      for (int i = 0; i < count; ++i)
        total = add(total, load_as(keys + std::size_t(i) * stride + c));
      store(mean + c, mul(total, set1(1.0f / float(count))));
    }
  }

  // At most kWidth keys, none of them beyond a whole vector of positions.
  static void remember_keys(int dim, const Number* keys, std::size_t stride, int count,
                            int position, const HeadView& to) {
    float factors[kWidth];
    Ints sums[kWidth];
    for (int i = 0; i < count; ++i) {
      Floats peak = set1(1e-20f);
      for (int c = 0; c < dim; c += kWidth)
        peak =
            max(peak, abs(sub(load_as(keys + std::size_t(i) * stride + c), load(to.key_mean + c))));
      const float scale = largest(peak) / kLargest;
      to.key_scale[position + i] = scale;
      factors[i] = 1.0f / scale;
      sums[i] = set1i(0);
    }
    const int words = dim / ByteProducts::kGroup;
    std::int32_t* const columns =
        reinterpret_cast<std::int32_t*>(to.keys) +
        std::size_t(position / kTileColumns) * std::size_t(words) * kTileColumns +
        position % kTileColumns;
    // Squares of kWidth positions and as many words.
    for (int first = 0; first < words; first += kWidth) {
      const int some = smaller(kWidth, words - first);
      alignas(64) std::int32_t rows[kWidth * kWidth];
      for (int i = 0; i < count; ++i)
        for (int w = 0; w < some; w += kWidth / ByteProducts::kGroup) {
          const int c = (first + w) * ByteProducts::kGroup;
          const Floats x =
              mul(sub(load_as(keys + std::size_t(i) * stride + c), load(to.key_mean + c)),
                  set1(factors[i]));
          const Ints bytes = to_ints(x);
          sums[i] = addi(sums[i], bytes);
          store_bytes(reinterpret_cast<std::uint8_t*>(rows + i * kWidth + w), bytes);
        }
      std::int32_t* out = columns + std::size_t(first) * kTileColumns;
      if (count == kWidth && some == kWidth)
        transpose(rows, kWidth, out, kTileColumns);
      else
        for (int w = 0; w < some; ++w)
          for (int i = 0; i < count; ++i)
            out[std::size_t(w) * kTileColumns + std::size_t(i)] = rows[i * kWidth + w];
    }
    for (int i = 0; i < count; ++i)
      to.key_start[position + i] = -ByteProducts::kZero * sumi(sums[i]);
  }

  static SIMD char* value_word(const HeadView& to, int channel, int position) {
    return to.values + std::size_t(channel / kTileColumns) * to.value_panel +
           (std::size_t(position / ByteProducts::kGroup) * kTileColumns +
            std::size_t(channel % kTileColumns)) *
               4;
  }

  // Makes room for `count` more values in the scales of all channels.
  static void fit_scales(int dim, const Number* values, std::size_t stride, int count, int position,
                         const HeadView& to) {
    for (int c = 0; c < dim; c += kWidth) {
      Floats peak = set1(1e-20f);
      for (int i = 0; i < count; ++i)
        peak = max(peak, abs(load_as(values + std::size_t(i) * stride + c)));
      const Floats needed = mul(peak, set1(1.0f / kLargest));
      if (position == 0 && to.begins) {
        store(to.value_scale + c, needed);
        continue;
      }
      const Floats before = load(to.value_scale + c);
      if (largest(divide(needed, before)) <= 1) continue;
      const Floats grown = grown_scale(before, needed);
      store(to.value_scale + c, grown);
      for (int at = 0; at < position; at += ByteProducts::kGroup)
        round_again(value_word(to, c, at), divide(before, grown));
    }
  }
  static SIMD Floats grown_scale(Floats before, Floats needed) {
    float old[kWidth], all[kWidth];
    store(old, before);
    store(all, needed);
    for (int i = 0; i < kWidth; ++i) all[i] = all[i] > old[i] ? all[i] * kHeadroom : old[i];
    return load(all);
  }
  static SIMD void round_again(char* word, Floats factor) {
    const Ints old = loadi(word);
    Ints grown = set1i(0);
    for (int place = 0; place < ByteProducts::kGroup; ++place) {
      const Ints number = shift_right(shift_left(old, 24 - 8 * place), 24);
      grown = ori(grown, placed(mul(to_floats(number), factor), place));
    }
    storei(word, grown);
  }
  // The bytes of x in one place of each word.
  static SIMD Ints placed(Floats x, int place) {
    return shift_left(andi(to_ints(x), set1i(0xff)), 8 * place);
  }

  // Values of one word of positions. The first of a word leaves zero in place of the
  // others.
  static void remember_values(int dim, const Number* values, std::size_t stride, int count,
                              int position, const HeadView& to) {
    const int place = position % ByteProducts::kGroup;
    for (int c = 0; c < dim; c += kWidth) {
      char* const word = value_word(to, c, position);
      const Floats factor = divide(set1(1), load(to.value_scale + c));
      Ints bytes = place == 0 ? set1i(0) : andi(loadi(word), set1i((1 << (8 * place)) - 1));
      for (int i = 0; i < count; ++i)
        bytes = ori(bytes,
                    placed(mul(load_as(values + std::size_t(i) * stride + c), factor), place + i));
      storei(word, bytes);
    }
  }
};

}  // namespace
}  // namespace chatterbox

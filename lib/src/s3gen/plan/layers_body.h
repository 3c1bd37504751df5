// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Everything of the estimator that works frame by frame; for files that are
// compiled for one instruction set.
#pragma once

#include "nn/simd/functions.h"
#include "nn/simd/multiply.h"
#include "s3gen/plan/flow_kernels.h"

namespace chatterbox {
namespace {

constexpr float kNormEps = 1e-5f;

// Mean and deviation of x over `count` channels.
struct Moments {
  Floats mean, scale;
};
SIMD Moments moments(const float* x, int count) {
  Floats total = set1(0);
  for (int c = 0; c < count; c += kWidth) total = add(total, load(x + c));
  const Floats mean = set1(sum(total) / float(count));
  Floats squares = set1(0);
  for (int c = 0; c < count; c += kWidth) {
    const Floats d = sub(load(x + c), mean);
    squares = fma(d, d, squares);
  }
  return {mean, set1(1.0f / __builtin_sqrtf(sum(squares) / float(count) + kNormEps))};
}

// Calls use(channel, vector) with Mish of the norm of x.
template <class Use>
SIMD void norm_mish(const float* x, int channels, const NormView& norm, Use&& use) {
  const Moments m = moments(x, channels);
  for (int c = 0; c < channels; c += kWidth) {
    const Floats v = mul(sub(load(x + c), m.mean), m.scale);
    use(c, mish(fma(v, load(norm.weight + c), load(norm.bias + c))));
  }
}

// Convolutions and what is around them.
template <class P>
struct FrameLayers {
  using Number = typename P::Number;

  static void to_operands(const float* x, int count, void* to) {
    Number* out = static_cast<Number*>(to);
    for (int c = 0; c < count; c += kWidth) store_as(out + c, load(x + c));
  }

  static void convolve(const LayerPart& conv, const void* window, int frames, void* to) {
    Number* out = static_cast<Number*>(to) + conv.first;
    multiply<P>(
        static_cast<const Number*>(window), std::size_t(conv.layer.inputs / 3), frames, conv.layer,
        [&](int row, int column, Floats v) { store_as(out + row * conv.width + column, v); });
  }

  static void convolve_to_floats(const LayerPart& conv, const void* window, int frames, float* to) {
    put(conv, window, std::size_t(conv.layer.inputs / 3), frames, to);
  }

  static void activate_between(const FlowSizes& sizes, const NormView& norm, float* x, int frames,
                               const float* add_to_it, const float* time, void* to) {
    const int channels = sizes.channels;
    Number* out = static_cast<Number*>(to);
    for (int i = 0; i < frames; ++i, x += channels, out += channels) {
      if (add_to_it)
        for (int c = 0; c < channels; c += kWidth)
          store(x + c, add(load(x + c), load(add_to_it + i * channels + c)));
      norm_mish(x, channels, norm,
                [&](int c, Floats v) { store_as(out + c, add(v, load(time + c))); });
    }
  }

  static void activate_after(const FlowSizes& sizes, const NormView& norm, const float* x,
                             int frames, const float* add_to_it, float* to) {
    const int channels = sizes.channels;
    for (int i = 0; i < frames; ++i, x += channels, to += channels)
      norm_mish(x, channels, norm, [&](int c, Floats v) {
        store(to + c, add_to_it ? add(v, load(add_to_it + i * channels + c)) : v);
      });
  }

  static void activate_last(const FlowSizes& sizes, const NormView& norm, const float* x,
                            int frames, void* to) {
    const int channels = sizes.channels;
    Number* out = static_cast<Number*>(to);
    for (int i = 0; i < frames; ++i, x += channels, out += channels)
      norm_mish(x, channels, norm, [&](int c, Floats v) { store_as(out + c, v); });
  }

  static void put_product(const LayerPart& part, const void* operands, int frames, float* to) {
    put(part, operands, std::size_t(part.layer.inputs), frames, to);
  }

  static __attribute__((noinline)) void add_product(const LayerPart& part, const void* operands,
                                                    int frames, float* to) {
    to += part.first;
    multiply<P>(static_cast<const Number*>(operands), std::size_t(part.layer.inputs), frames,
                part.layer, [&](int row, int column, Floats v) {
                  float* at = to + row * part.width + column;
                  store(at, add(load(at), v));
                });
  }

 private:
  static __attribute__((noinline)) void put(const LayerPart& part, const void* operands,
                                            std::size_t stride, int frames, float* to) {
    to += part.first;
    multiply<P>(static_cast<const Number*>(operands), stride, frames, part.layer,
                [&](int row, int column, Floats v) { store(to + row * part.width + column, v); });
  }
};

}  // namespace
}  // namespace chatterbox

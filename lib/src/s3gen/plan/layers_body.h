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
template <class P, int kFrames>
struct FrameLayers {
  using Number = typename P::Number;

  static void to_operands(const float* x, int count, void* to) {
    Number* out = static_cast<Number*>(to);
    for (int c = 0; c < count; c += kWidth) store_as(out + c, load(x + c));
  }

  // A convolution's result (frames, channels) in float32.
  static __attribute__((noinline)) void convolve_to_floats(const FlowSizes& sizes,
                                                           const PackedView& conv,
                                                           const void* window, int frames,
                                                           float* to) {
    const int in = conv.inputs / 3;
    multiply<P>(
        static_cast<const Number*>(window), std::size_t(in), frames, conv,
        [&](int row, int column, Floats v) { store(to + row * sizes.channels + column, v); });
  }

  static void resnet_in(const FlowSizes& sizes, const PackedView& conv, const NormView& norm,
                        const void* window, int frames, const float* plus, const float* time,
                        void* to, void* scratch) {
    const int channels = sizes.channels;
    float* x = Scratch(scratch).take<float>(kFrames * channels);
    convolve_to_floats(sizes, conv, window, frames, x);
    Number* out = static_cast<Number*>(to);
    for (int i = 0; i < frames; ++i, x += channels, out += channels) {
      if (plus)
        for (int c = 0; c < channels; c += kWidth)
          store(x + c, add(load(x + c), load(plus + i * channels + c)));
      norm_mish(x, channels, norm,
                [&](int c, Floats v) { store_as(out + c, add(v, load(time + c))); });
    }
  }

  static void resnet_out(const FlowSizes& sizes, const PackedView& conv, const NormView& norm,
                         const PackedView& shortcut, const void* window, const void* input,
                         int frames, const float* plus, float* x, void* scratch) {
    const int channels = sizes.channels;
    float* convolved = Scratch(scratch).take<float>(kFrames * channels);
    convolve_to_floats(sizes, conv, window, frames, convolved);
    for (int i = 0; i < frames; ++i) {
      float* to = x + i * channels;
      norm_mish(convolved + i * channels, channels, norm, [&](int c, Floats v) {
        store(to + c, plus ? add(v, load(plus + i * channels + c)) : v);
      });
    }
    multiply<P>(static_cast<const Number*>(input), std::size_t(shortcut.inputs), frames, shortcut,
                [&](int row, int column, Floats v) {
                  float* to = x + row * channels + column;
                  store(to, add(load(to), v));
                });
  }

  static void convolve(const FlowSizes& sizes, const PackedView& conv, const void* window,
                       int frames, void* to, void*) {
    Number* out = static_cast<Number*>(to);
    multiply<P>(
        static_cast<const Number*>(window), std::size_t(sizes.channels), frames, conv,
        [&](int row, int column, Floats v) { store_as(out + row * sizes.channels + column, v); });
  }

  static void finish(const FlowSizes& sizes, const PackedView& conv, const NormView& norm,
                     const PackedView& projection, const void* window, int frames, float* to,
                     void* scratch) {
    const int channels = sizes.channels;
    Scratch memory(scratch);
    float* x = memory.take<float>(kFrames * channels);
    Number* active = memory.take<Number>((kFrames + kTileRows) * channels);
    convolve_to_floats(sizes, conv, window, frames, x);
    for (int i = 0; i < frames; ++i)
      norm_mish(x + i * channels, channels, norm,
                [&](int c, Floats v) { store_as(active + i * channels + c, v); });
    multiply<P>(
        active, std::size_t(channels), frames, projection,
        [&](int row, int column, Floats v) { store(to + row * projection.outputs + column, v); });
  }

  static std::size_t scratch_bytes(const FlowSizes& sizes) {
    const std::size_t rows = kFrames + kTileRows, channels = std::size_t(sizes.channels);
    return rows * channels * (sizeof(float) + sizeof(Number)) + 256;
  }
};

}  // namespace
}  // namespace chatterbox

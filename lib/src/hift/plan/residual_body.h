// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The vocoder's residual blocks; for files that are compiled for one
// instruction set.
#pragma once

#include "hift/plan/residual_kernels.h"
#include "nn/simd/functions.h"
#include "nn/simd/multiply.h"

namespace chatterbox {
namespace {

template <class P, int kFrames>
struct ResidualPieces {
  using Number = typename P::Number;

  // use(row, column, vector) with the convolution's result; all taps are added
  // to the same sums.
  template <class Use>
  static SIMD void taps(const ConvView& conv, const void* input, int frames, Use&& use) {
    const PackedView& w = conv.weights;
    const std::size_t stride = std::size_t(conv.channels) * sizeof(Number);
    const int words = conv.channels / P::kGroup;
    const std::size_t tap_bytes = std::size_t(words) * kTileColumns * 4;
    const char* a = static_cast<const char*>(input);
    for (int first = 0; first < w.outputs; first += kTileColumns)
      for (int row = 0; row < frames; row += kTileRows) {
        typename P::Sum sums[kTileRows][kTileVectors];
        start_sums(w.bias + first, sums);
        const char* panel = w.data + std::size_t(first / kTileColumns) * conv.kernel * tap_bytes;
        for (int k = 0; k < conv.kernel; ++k)
          multiply_tile<P>(a + std::size_t(row + k * conv.dilation) * stride, stride,
                           panel + std::size_t(k) * tap_bytes, words, sums);
        use_sums(row, frames, first, w.outputs, sums, use);
      }
  }

  static SIMD Floats bend(Floats x, const SnakeView& snake, int channel) {
    return fma(sin_squared(mul(x, load(snake.alpha + channel))), load(snake.inverse + channel), x);
  }

  static void activate(const float* x, int frames, int channels, const SnakeView& snake, void* to) {
    Number* out = static_cast<Number*>(to);
    for (int i = 0; i < frames; ++i, x += channels, out += channels)
      for (int c = 0; c < channels; c += kWidth) store_as(out + c, bend(load(x + c), snake, c));
  }

  static void convolve(const ConvView& conv, const void* input, int frames, const SnakeView& snake,
                       void* to, void* scratch) {
    const int channels = conv.channels;
    float* x = Scratch(scratch).take<float>(kFrames * channels);
    taps(conv, input, frames,
         [&](int row, int column, Floats v) { store(x + row * channels + column, v); });
    activate(x, frames, channels, snake, to);
  }

  static void add_to(const ConvView& conv, const void* input, int frames, float* x) {
    taps(conv, input, frames, [&](int row, int column, Floats v) {
      float* to = x + row * conv.channels + column;
      store(to, add(load(to), v));
    });
  }

  static std::size_t scratch_bytes(int channels) {
    return std::size_t(kFrames) * std::size_t(channels) * sizeof(float) + 64;
  }
};

template <class P, int kFrames>
constexpr ResidualKernels make_residual_kernels(const char* name) {
  using Pieces = ResidualPieces<P, kFrames>;
  ResidualKernels table{};
  table.name = name;
  table.packing = {kTileColumns, P::kGroup, 0};
  table.frames = kFrames;
  table.slack = kTileRows;
  table.operand = int(sizeof(typename P::Number));
  table.scratch_bytes = Pieces::scratch_bytes;
  table.activate = Pieces::activate;
  table.convolve = Pieces::convolve;
  table.add = Pieces::add_to;
  return table;
}

}  // namespace
}  // namespace chatterbox

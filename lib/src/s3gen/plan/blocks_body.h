// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The linear layers of transformer blocks; for files that are compiled for one
// instruction set.
#pragma once

#include "s3gen/plan/layers_body.h"

namespace chatterbox {
namespace {

// In numbers of P throughout.
template <class P, Accuracy accuracy, int kFrames>
struct PlainBlocks {
  using Number = typename P::Number;
  static constexpr Packing kPacking{kTileColumns, P::kGroup, 0};

  static void project(const FlowSizes& sizes, const PackedView& qkv, const float* x, int frames,
                      void* to, void* scratch) {
    Number* normed = Scratch(scratch).take<Number>((kFrames + kTileRows) * sizes.channels);
    normalise(sizes, x, frames, normed);
    Number* out = static_cast<Number*>(to);
    multiply<P>(
        normed, std::size_t(sizes.channels), frames, qkv,
        [&](int row, int column, Floats v) { store_as(out + row * qkv.outputs + column, v); });
  }

  static void feed_forward(const FlowSizes& sizes, const BlockView& block, const void* attended,
                           int frames, float* x, void* scratch) {
    Scratch memory(scratch);
    Number* normed = memory.take<Number>((kFrames + kTileRows) * sizes.channels);
    Number* wide = memory.take<Number>((kFrames + kTileRows) * block.expand.outputs);
    add_product(static_cast<const Number*>(attended), frames, block.out, x);
    normalise(sizes, x, frames, normed);
    multiply<P>(normed, std::size_t(sizes.channels), frames, block.expand,
                [&](int row, int column, Floats v) {
                  store_as(wide + row * block.expand.outputs + column, gelu<accuracy>(v));
                });
    add_product(wide, frames, block.contract, x);
  }

  static std::size_t scratch_bytes(const FlowSizes& sizes) {
    return std::size_t(kFrames + kTileRows) * std::size_t(sizes.channels) * 5 * sizeof(Number) +
           256;
  }

 private:
  static SIMD void normalise(const FlowSizes& sizes, const float* x, int frames, Number* to) {
    const int channels = sizes.channels;
    for (int i = 0; i < frames; ++i, x += channels, to += channels) {
      const Moments m = moments(x, channels);
      for (int c = 0; c < channels; c += kWidth)
        store_as(to + c, mul(sub(load(x + c), m.mean), m.scale));
    }
  }

  static __attribute__((noinline)) void add_product(const Number* a, int frames,
                                                    const PackedView& w, float* x) {
    multiply<P>(a, std::size_t(w.inputs), frames, w, [&](int row, int column, Floats v) {
      float* to = x + row * w.outputs + column;
      store(to, add(load(to), v));
    });
  }
};

// In bytes; numbers of P come from attention and go to it.
template <class P, int kFrames>
struct ByteBlocks {
  using Number = typename P::Number;
  static constexpr Packing kPacking{kTileColumns, ByteProducts::kGroup, ByteProducts::kZero};

  static void project(const FlowSizes& sizes, const PackedView& qkv, const float* x, int frames,
                      void* to, void* scratch) {
    Scratch memory(scratch);
    Bytes normed(memory, sizes.channels);
    normalise(sizes, x, frames, normed, memory);
    Number* out = static_cast<Number*>(to);
    multiply_scaled(
        normed.data, std::size_t(sizes.channels), frames, qkv, normed.scales,
        [&](int row, int column, Floats v) { store_as(out + row * qkv.outputs + column, v); });
  }

  static void feed_forward(const FlowSizes& sizes, const BlockView& block, const void* attended,
                           int frames, float* x, void* scratch) {
    const int width = block.expand.outputs, inner = sizes.inner();
    Scratch memory(scratch);
    Bytes narrow(memory, larger(inner, sizes.channels)), wide(memory, width);
    float* hidden = memory.take<float>(kFrames * width);

    const Number* a = static_cast<const Number*>(attended);
    float* row_of_floats = hidden;
    for (int i = 0; i < frames; ++i, a += inner) {
      for (int c = 0; c < inner; c += kWidth) store(row_of_floats + c, load_as(a + c));
      narrow.scales[i] = to_bytes(row_of_floats, inner, narrow.data + i * inner);
    }
    add_product(narrow, frames, block.out, x);

    normalise(sizes, x, frames, narrow, memory);
    multiply_scaled(narrow.data, std::size_t(sizes.channels), frames, block.expand, narrow.scales,
                    [&](int row, int column, Floats v) {
                      store(hidden + row * width + column, gelu<Accuracy::kBrain>(v));
                    });
    for (int i = 0; i < frames; ++i)
      wide.scales[i] = gelu_to_bytes(hidden + i * width, width, wide.data + i * width);
    add_product(wide, frames, block.contract, x);
  }

  static std::size_t scratch_bytes(const FlowSizes& sizes) {
    const std::size_t rows = kFrames + kTileRows, channels = std::size_t(sizes.channels);
    const std::size_t inner = std::size_t(larger(sizes.inner(), sizes.channels));
    return rows * (inner + 4 * channels + 2 * sizeof(float)) +
           kFrames * 4 * channels * sizeof(float) + (inner + channels) * sizeof(float) + 8 * 64;
  }

 private:
  struct Bytes {
    Bytes(Scratch& memory, int width)
        : data(memory.take<std::uint8_t>((kFrames + kTileRows) * width)),
          scales(memory.take<float>(kFrames + kTileRows)) {}
    std::uint8_t* data;
    float* scales;
  };

  static SIMD void normalise(const FlowSizes& sizes, const float* x, int frames, Bytes& to,
                             Scratch memory) {
    const int channels = sizes.channels;
    float* normed = memory.take<float>(channels);
    for (int i = 0; i < frames; ++i, x += channels) {
      const Moments m = moments(x, channels);
      for (int c = 0; c < channels; c += kWidth)
        store(normed + c, mul(sub(load(x + c), m.mean), m.scale));
      to.scales[i] = to_bytes(normed, channels, to.data + i * channels);
    }
  }

  static __attribute__((noinline)) void add_product(const Bytes& a, int frames, const PackedView& w,
                                                    float* x) {
    multiply_scaled(a.data, std::size_t(w.inputs), frames, w, a.scales,
                    [&](int row, int column, Floats v) {
                      float* to = x + row * w.outputs + column;
                      store(to, add(load(to), v));
                    });
  }
};

}  // namespace
}  // namespace chatterbox

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
  using Hidden = Number;
  static constexpr Packing kPacking{kTileColumns, P::kGroup, 0};

  static void project(const FlowSizes& sizes, const LayerPart& qkv, const float* x, int frames,
                      void* to, void* scratch) {
    Number* normed = Scratch(scratch).take<Number>((kFrames + kTileRows) * sizes.channels);
    normalise(sizes, x, frames, normed);
    Number* out = static_cast<Number*>(to) + qkv.first;
    multiply<P>(
        normed, std::size_t(sizes.channels), frames, qkv.layer,
        [&](int row, int column, Floats v) { store_as(out + row * qkv.width + column, v); });
  }

  static void add_attended(const FlowSizes&, const LayerPart& out, const void* attended, int frames,
                           float* x, void*) {
    FrameLayers<P>::add_product(out, attended, frames, x);
  }

  static void expand(const FlowSizes& sizes, const LayerPart& layer, const float* x, int frames,
                     void* hidden, void* scratch) {
    Number* normed = Scratch(scratch).take<Number>((kFrames + kTileRows) * sizes.channels);
    normalise(sizes, x, frames, normed);
    Number* wide = static_cast<Number*>(hidden) + layer.first;
    multiply<P>(normed, std::size_t(sizes.channels), frames, layer.layer,
                [&](int row, int column, Floats v) {
                  store_as(wide + row * layer.width + column, gelu<accuracy>(v));
                });
  }

  static void contract(const FlowSizes&, const LayerPart& layer, const void* hidden, int frames,
                       float* x, void*) {
    FrameLayers<P>::add_product(layer, hidden, frames, x);
  }

  static std::size_t scratch_bytes(const FlowSizes& sizes) {
    return std::size_t(kFrames + kTileRows) * std::size_t(sizes.channels) * sizeof(Number) + 64;
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
};

// In bytes; numbers of P come from attention and go to it.
template <class P, int kFrames>
struct ByteBlocks {
  using Number = typename P::Number;
  using Hidden = float;
  static constexpr Packing kPacking{kTileColumns, ByteProducts::kGroup, ByteProducts::kZero};

  static void project(const FlowSizes& sizes, const LayerPart& qkv, const float* x, int frames,
                      void* to, void* scratch) {
    Scratch memory(scratch);
    Bytes normed(memory, sizes.channels);
    normalise(sizes, x, frames, normed, memory);
    Number* out = static_cast<Number*>(to) + qkv.first;
    multiply_scaled(
        normed.data, std::size_t(sizes.channels), frames, qkv.layer, normed.scales,
        [&](int row, int column, Floats v) { store_as(out + row * qkv.width + column, v); });
  }

  static void add_attended(const FlowSizes& sizes, const LayerPart& out, const void* attended,
                           int frames, float* x, void* scratch) {
    const int inner = sizes.inner();
    Scratch memory(scratch);
    Bytes bytes(memory, inner);
    float* row_of_floats = memory.take<float>(inner);
    const Number* a = static_cast<const Number*>(attended);
    for (int i = 0; i < frames; ++i, a += inner) {
      for (int c = 0; c < inner; c += kWidth) store(row_of_floats + c, load_as(a + c));
      bytes.scales[i] = to_bytes(row_of_floats, inner, bytes.data + i * inner);
    }
    add_product(bytes, frames, out, x);
  }

  static void expand(const FlowSizes& sizes, const LayerPart& layer, const float* x, int frames,
                     void* hidden, void* scratch) {
    Scratch memory(scratch);
    Bytes normed(memory, sizes.channels);
    normalise(sizes, x, frames, normed, memory);
    float* wide = static_cast<float*>(hidden) + layer.first;
    multiply_scaled(normed.data, std::size_t(sizes.channels), frames, layer.layer, normed.scales,
                    [&](int row, int column, Floats v) {
                      store(wide + row * layer.width + column, gelu<Accuracy::kBrain>(v));
                    });
  }

  static void contract(const FlowSizes&, const LayerPart& layer, const void* hidden, int frames,
                       float* x, void* scratch) {
    const int width = layer.layer.inputs;
    Scratch memory(scratch);
    Bytes bytes(memory, width);
    const float* wide = static_cast<const float*>(hidden);
    for (int i = 0; i < frames; ++i)
      bytes.scales[i] = gelu_to_bytes(wide + i * width, width, bytes.data + i * width);
    add_product(bytes, frames, layer, x);
  }

  static std::size_t scratch_bytes(const FlowSizes& sizes) {
    const std::size_t rows = kFrames + kTileRows;
    const std::size_t widest = std::size_t(larger(sizes.inner(), 4 * sizes.channels));
    return rows * (widest + sizeof(float)) + widest * sizeof(float) + 4 * 64;
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

  static __attribute__((noinline)) void add_product(const Bytes& a, int frames,
                                                    const LayerPart& part, float* x) {
    x += part.first;
    multiply_scaled(a.data, std::size_t(part.layer.inputs), frames, part.layer, a.scales,
                    [&](int row, int column, Floats v) {
                      float* to = x + row * part.width + column;
                      store(to, add(load(to), v));
                    });
  }
};

}  // namespace
}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/packing.h"

namespace chatterbox {

// In which numbers the flow estimator's products are done; sums, norms,
// activations and residuals are float32 in all of them.
// With kInt8 the transformer blocks' layers multiply int8 weights, scaled by
// output, with bytes, scaled by frame, and attention is in bytes as well;
// convolutions are bfloat16, or float32 where the processor lacks it.
enum class FlowPrecision { kFloat, kBFloat16, kInt8 };

// Neighbouring positions that one head has seen: keys as a right operand whose columns are
// positions, values as one whose inner dimension they are; see PackedPositions.
struct HeadView {
  char* keys;
  char* values;
  std::size_t value_panel;  // bytes between panels of channels
  float* longest;           // key so far
  bool begins;              // nothing was seen before these positions
  // For bytes alone; null otherwise.
  float* key_scale;         // of each position
  std::int32_t* key_start;  // what the sums of each position begin with
  float* key_mean;          // of each channel, taken from all keys
  float* value_scale;       // of each channel
};

// All that one head has seen: first what a voice's utterances share, then one's own.
struct HeadMemory {
  HeadView parts[2];
  int lengths[2];  // positions
  int count;       // of parts
};

struct FlowSizes {
  int channels, heads, dim;
  int inner() const { return heads * dim; }
};

// A transformer block: norms are folded into the layers after them, queries
// come scaled by log2(e) / sqrt(dim).
struct BlockView {
  PackedView qkv, out, expand, contract;
};

// Neighbouring outputs of a layer, from output `first` on, of `width` in all. Results are `width`
// numbers apart and lie where those of the whole layer would, which is what is given to kernels.
struct LayerPart {
  PackedView layer;
  int first, width;
};

// Norms before Mish.
struct NormView {
  const float *weight, *bias;
};

// Steps of the estimator over a few neighbouring frames of one batch row, at
// most `frames` at once, and some or all outputs of a layer. "Operands" are numbers of the kernels'
// precision. A convolution's input is time-major behind the two frames before it, so that the
// window of a frame is contiguous. All operands are readable, whatever they hold, for `slack` rows
// after the last. `scratch` is a thread's own.
struct FlowKernels {
  const char* name;
  Packing packing;        // of all but
  Packing block_packing;  // the layers of BlockView
  int memory_group;       // numbers of keys and values to a word
  int vector;             // channels of everything are a multiple
  int frames;             // to a piece
  int queries;            // to a piece of attention
  int slack;              // rows
  int operand;            // bytes
  int hidden;             // bytes to a number between the feed-forward layers
  std::size_t (*scratch_bytes)(const FlowSizes&);

  void (*to_operands)(const float* x, int count, void* to);

  // A convolution from operands to operands, and to float32.
  void (*convolve)(const LayerPart& conv, const void* window, int frames, void* to);
  void (*convolve_to_floats)(const LayerPart& conv, const void* window, int frames, float* to);
  // Between the halves of a resnet block: norm, Mish, and what the time adds. `x` (frames,
  // channels) is what the convolution gave, to which `add`, as many or null, belongs.
  void (*activate_between)(const FlowSizes&, const NormView&, float* x, int frames,
                           const float* add, const float* time, void* to);
  // After the second half: norm and Mish, to which `add` or null is added, to float32.
  void (*activate_after)(const FlowSizes&, const NormView&, const float* x, int frames,
                         const float* add, float* to);
  // After the last convolution: norm and Mish, to operands.
  void (*activate_last)(const FlowSizes&, const NormView&, const float* x, int frames, void* to);
  // Products of operands (frames, inputs), added to float32 or put in its place.
  void (*add_product)(const LayerPart&, const void* operands, int frames, float* to);
  void (*put_product)(const LayerPart&, const void* operands, int frames, float* to);
  // Norm and projection of x to queries, keys and values (frames, 3 inner).
  void (*project)(const FlowSizes&, const LayerPart& qkv, const float* x, int frames, void* to,
                  void* scratch);
  // Adds keys and values, `stride` numbers apart, to `position` positions that a head has seen.
  void (*remember)(const FlowSizes&, const void* keys, const void* values, std::size_t stride,
                   int count, int position, const HeadView&);
  // Attention of one head's queries, each to the first visible[i] positions.
  // Results are `to_stride` numbers apart.
  void (*attend)(const FlowSizes&, const void* queries, std::size_t stride, int count,
                 const std::int32_t* visible, const HeadMemory&, void* to, std::size_t to_stride,
                 void* scratch);
  // Attention's output layer, added to x.
  void (*add_attended)(const FlowSizes&, const LayerPart& out, const void* attended, int frames,
                       float* x, void* scratch);
  // The feed-forward layers: norm, the wider layer and GELU, and the narrower one, added to x.
  void (*expand)(const FlowSizes&, const LayerPart&, const float* x, int frames, void* hidden,
                 void* scratch);
  void (*contract)(const FlowSizes&, const LayerPart&, const void* hidden, int frames, float* x,
                   void* scratch);
};

// Kernels for one kind of processor.
struct FlowKernelSet {
  const FlowKernels* kernels;
  FlowPrecision precision;
  bool runs;  // on this processor
};
// All that are built for this architecture, of each precision the fastest last.
std::vector<FlowKernelSet> flow_kernel_sets();
// The fastest that this processor runs, or null.
const FlowKernels* flow_kernels(FlowPrecision precision);

}  // namespace chatterbox

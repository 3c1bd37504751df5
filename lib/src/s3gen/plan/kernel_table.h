// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "s3gen/plan/attention_body.h"
#include "s3gen/plan/blocks_body.h"
#include "s3gen/plan/byte_attention_body.h"
#include "s3gen/plan/layers_body.h"

namespace chatterbox {
namespace {

constexpr int kQueriesAtOnce = 48;
constexpr int kKeysAtOnce = 128;
constexpr int kBytesAtOnce = 512;  // keys

// Convolutions in numbers of P, transformer blocks' layers by Blocks, between them
// Attention, which remembers kGroup numbers to a word.
template <class P, class Blocks, class Attention, int kGroup, int kFrames>
constexpr FlowKernels make_flow_kernels(const char* name) {
  using Layers = FrameLayers<P>;
  FlowKernels table{};
  table.name = name;
  table.packing = {kTileColumns, P::kGroup, 0};
  table.block_packing = Blocks::kPacking;
  table.memory_group = kGroup;
  table.vector = kWidth;
  table.frames = kFrames;
  table.queries = kQueriesAtOnce;
  table.slack = kTileRows;
  table.operand = int(sizeof(typename P::Number));
  table.hidden = int(sizeof(typename Blocks::Hidden));
  table.scratch_bytes = [](const FlowSizes& sizes) {
    const std::size_t blocks = Blocks::scratch_bytes(sizes);
    const std::size_t attention = Attention::scratch_bytes(sizes);
    return blocks > attention ? blocks : attention;
  };
  table.to_operands = Layers::to_operands;
  table.convolve = Layers::convolve;
  table.convolve_to_floats = Layers::convolve_to_floats;
  table.activate_between = Layers::activate_between;
  table.activate_after = Layers::activate_after;
  table.activate_last = Layers::activate_last;
  table.add_product = Layers::add_product;
  table.put_product = Layers::put_product;
  table.project = Blocks::project;
  table.remember = Attention::remember;
  table.attend = Attention::attend;
  table.add_attended = Blocks::add_attended;
  table.expand = Blocks::expand;
  table.contract = Blocks::contract;
  return table;
}

template <class P, Accuracy accuracy, int kFrames>
constexpr FlowKernels make_plain_kernels(const char* name) {
  return make_flow_kernels<P, PlainBlocks<P, accuracy, kFrames>,
                           HeadAttention<P, accuracy, kQueriesAtOnce, kKeysAtOnce>, P::kGroup,
                           kFrames>(name);
}

template <class P, int kFrames>
constexpr FlowKernels make_byte_kernels(const char* name) {
  return make_flow_kernels<P, ByteBlocks<P, kFrames>,
                           ByteAttention<P, kQueriesAtOnce, kBytesAtOnce>, ByteProducts::kGroup,
                           kFrames>(name);
}

}  // namespace
}  // namespace chatterbox

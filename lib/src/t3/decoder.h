// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <memory>

#include "t3/alignment.h"
#include "t3/draft_model.h"
#include "t3/transformer.h"

namespace chatterbox {

// One request's way through the transformer: a prefix at once, then one
// position at a time. Row 0 reads the text; with guidance, row 1 does not. Both
// rows are fed the same speech embedding.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Every row begins with these positions, made by Transformer::prefill().
  virtual void begin_with(const KvCache& prefix) = 0;
  // embeddings (rows, T, hidden) float32 on the processor, at the next T positions.
  virtual void prefill(const at::Tensor& embeddings) = 0;
  // embedding: `hidden` floats. Returns (rows, vocabulary) float32, valid until
  // the next step, or null where no logits are wanted.
  virtual float* step(const float* embedding, bool want_logits) = 0;
};

// A decoder that looks ahead: a draft of the model makes steps that are cheap and less exact, and
// the model then takes all of them at once, reading its weights once.
class DraftingDecoder : public Decoder {
 public:
  // Most positions of steps(): as many as one reading of the weights serves.
  virtual int max_steps() const = 0;
  // step() with the draft, which DecoderOptions names.
  virtual float* draft(const float* embedding) = 0;
  // step() for neighbouring positions; embeddings (count, hidden). Returns (count, rows,
  // vocabulary).
  virtual float* steps(const float* embeddings, int count) = 0;
  // Keeps the first positions alone.
  virtual void rewind(std::int64_t positions) = 0;
};

struct DecoderOptions {
  std::int64_t rows = 1;
  std::int64_t capacity = 0;            // positions, prefix included
  std::int64_t text_begin = 0;          // position of the first text id, for the tracker
  AlignmentTracker* tracker = nullptr;  // may be null; outlives the decoder
  const DraftModel* draft = nullptr;    // may be null; outlives the decoder; not with a tracker
  int threads = 1;
  // Number of them that compute the next step; null: all. Outlives the decoder.
  const std::atomic<int>* threads_now = nullptr;
};

// On the processor, on raw buffers: bound by memory bandwidth, not by calls.
std::unique_ptr<DraftingDecoder> make_raw_decoder(const Transformer& transformer,
                                                  const Linear& speech_head,
                                                  const DecoderOptions& options);
// With libtorch's operators, on any device.
std::unique_ptr<Decoder> make_tensor_decoder(const Transformer& transformer,
                                             const Linear& speech_head,
                                             const DecoderOptions& options);

}  // namespace chatterbox

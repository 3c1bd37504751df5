// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "hift/hift.h"
#include "nn/noise.h"

namespace chatterbox {

// The vocoder of live speech. VocoderStream's samples are exactly those of the whole utterance, and
// 400 ms late, which is how far the network sees. Frames that far away make little difference: here
// samples are made `lookahead` frames before the last known frame, as if that one went on. Each
// piece is made a little further than it is handed out, and the next one fades in over that tail.
// Both ride on one excitation, which was fixed when the tail was made and carries on where it left
// off: they are in phase, and no join can be heard. Sines are kept within a turn, so that they are
// as exact after an hour as at the beginning.
class LiveVocoder {
 public:
  // lookahead: frames of 20 ms, 1 or more.
  LiveVocoder(const Hift& hift, std::uint64_t seed, std::int64_t lookahead);

  // More mel (1, 80, T), T may be 0; `last`: the utterance ends here. Returns
  // the samples of all frames known but the last `lookahead`, (N) float32, on the
  // processor.
  at::Tensor push(const at::Tensor& mel, bool last);

  // Samples that would follow those returned last, for a moment, (N) float32; may be empty. For a
  // stop without another push.
  const at::Tensor& tail() const { return tail_; }

 private:
  at::Tensor excitation(const at::Tensor& f0, HarmonicSource::Phase& phase, std::int64_t frame);

  const Hift& hift_;
  Noise noise_;
  at::Tensor offsets_;  // (sines) where sines start, radians
  HarmonicSource::Phase phase_;
  std::int64_t lookahead_;

  // Frames are counted from the start; both tensors hold those from first_ on.
  std::int64_t first_ = 0;
  at::Tensor mel_;     // (1, 80, T)
  at::Tensor source_;  // (1, 1, 480 S), S <= T: fixed
  std::int64_t emitted_ = 0;
  at::Tensor tail_;
};

}  // namespace chatterbox

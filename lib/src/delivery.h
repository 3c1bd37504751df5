// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "audio/edge_silence.h"
#include "chatterbox/engine.h"
#include "chatterbox/watermark.h"
#include "turns.h"

namespace chatterbox {

// The last step of a synthesis: takes silence off its ends, changes its speed, marks it, hands it
// to the caller and keeps count. Each step holds some samples back, and words wait for their
// samples.
class Delivery {
 public:
  using Clock = std::chrono::steady_clock;

  // `start`: when the caller asked. Without a watermarker speech is not marked.
  Delivery(const Engine::Sink& sink, Turn& turn, Clock::time_point start,
           const SynthesisOptions& options, std::optional<Watermarker> watermarker)
      : sink_(sink),
        turn_(turn),
        start_(start),
        silence_(!options.trim_silence),
        speed_(options.speed),
        watermarker_(std::move(watermarker)) {}

  // The next samples (L), and words that begin in them. After the last of the utterance nothing
  // is held back. Throws kCancelled when the caller does not want more.
  void deliver(const at::Tensor& samples, bool last, std::vector<WordTime> words);

  // Samples made so far, delivered or not.
  std::int64_t made() const { return made_; }
  // Something audible has been made.
  bool heard() const { return silence_.heard(); }

  SynthesisStats finish();
  SynthesisStats stats;

 private:
  std::vector<float> change_speed(std::vector<float> speech, bool last);
  std::vector<float> mark(std::vector<float> speech, bool last);
  // Where a sample is once the speed has changed.
  std::int64_t at_speed(std::int64_t sample) const;
  std::vector<WordTime> words_before(std::int64_t end, bool all);

  const Engine::Sink& sink_;
  Turn& turn_;
  Clock::time_point start_;
  EdgeSilence silence_;
  const double speed_;
  std::vector<float> spoken_;  // waits for the rest, to change its speed
  std::optional<Watermarker> watermarker_;
  std::vector<WordTime> words_;  // not delivered yet; they count what was made
  std::int64_t made_ = 0;
  double waited_ = 0;
};

}  // namespace chatterbox

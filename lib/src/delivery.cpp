// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "delivery.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

double seconds_since(Delivery::Clock::time_point start) {
  return std::chrono::duration<double>(Delivery::Clock::now() - start).count();
}

}  // namespace

void Delivery::deliver(const at::Tensor& samples, bool last, std::vector<WordTime> words) {
  const at::Tensor wave = samples.to(at::kCPU, at::kFloat).contiguous();
  std::span<const float> speech{wave.data_ptr<float>(), std::size_t(wave.numel())};
  made_ += wave.numel();
  words_.insert(words_.end(), std::make_move_iterator(words.begin()),
                std::make_move_iterator(words.end()));

  std::vector<float> marked;
  if (watermarker_) {
    watermarker_->push(speech);
    marked = watermarker_->pop();
    if (last) {
      const std::vector<float> rest = watermarker_->drain();
      marked.insert(marked.end(), rest.begin(), rest.end());
    }
    speech = marked;
  }
  if (speech.empty() && !last) return;

  const std::int64_t end = stats.samples + std::int64_t(speech.size());
  const std::vector<WordTime> begun =
      words_before(last ? std::numeric_limits<std::int64_t>::max() : end);
  SpeechChunk chunk;
  chunk.samples = speech;
  chunk.position = stats.samples;
  chunk.last = last;
  chunk.words = begun;
  if (stats.samples == 0) stats.seconds_to_first_audio = seconds_since(start_);
  stats.samples = end;
  const auto waiting_since = Clock::now();
  const bool go_on = turn_.lend([&] { return sink_(chunk); });
  waited_ += seconds_since(waiting_since);
  if (!go_on) throw Error(ErrorCode::kCancelled, "stopped by the caller's sink");
}

std::vector<WordTime> Delivery::words_before(std::int64_t end) {
  const auto later = std::find_if(words_.begin(), words_.end(),
                                  [end](const WordTime& word) { return word.start >= end; });
  std::vector<WordTime> begun(std::make_move_iterator(words_.begin()),
                              std::make_move_iterator(later));
  words_.erase(words_.begin(), later);
  return begun;
}

SynthesisStats Delivery::finish() {
  // The time a caller holds a piece is not ours.
  stats.seconds_total = seconds_since(start_) - waited_;
  return stats;
}

}  // namespace chatterbox

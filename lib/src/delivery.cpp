// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "delivery.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "chatterbox/error.h"
#include "seconds_since.h"

namespace chatterbox {
void Delivery::deliver(const at::Tensor& samples, bool last, std::vector<WordTime> words) {
  const at::Tensor wave = samples.to(at::kCPU, at::kFloat).contiguous();
  made_ += wave.numel();
  words_.insert(words_.end(), std::make_move_iterator(words.begin()),
                std::make_move_iterator(words.end()));
  const std::vector<float> speech = mark(
      change_speed(silence_.push({wave.data_ptr<float>(), std::size_t(wave.numel())}, last), last),
      last);
  if (speech.empty() && !last) return;

  const std::int64_t end = stats.samples + std::int64_t(speech.size());
  const std::vector<WordTime> begun = words_before(end, last);
  SpeechChunk chunk;
  chunk.samples = speech;
  chunk.position = stats.samples;
  chunk.last = last;
  chunk.words = begun;
  chunk.silence_before = stats.samples == 0 ? at_speed(silence_.cut_before()) : 0;
  chunk.silence_after = last ? at_speed(silence_.cut_after()) : 0;
  const std::int64_t onset = at_speed(silence_.onset());
  if (stats.samples <= onset && (end > onset || last))
    stats.seconds_to_first_audio = seconds_since(start_);
  stats.samples = end;
  const auto waiting_since = Clock::now();
  const bool go_on = turn_.lend([&] { return sink_(chunk); });
  waited_ += seconds_since(waiting_since);
  if (!go_on) throw Error(ErrorCode::kCancelled, "stopped by the caller's sink");
}

std::vector<float> Delivery::change_speed(std::vector<float> speech, bool last) {
  if (speed_ == 1) return speech;
  spoken_.insert(spoken_.end(), speech.begin(), speech.end());
  return last ? stretch_time(spoken_, kOutputRateHz, speed_) : std::vector<float>();
}

std::int64_t Delivery::at_speed(std::int64_t sample) const {
  return speed_ == 1 ? sample : std::int64_t(std::llround(double(sample) / speed_));
}

// After the speed: the mark does not survive another.
std::vector<float> Delivery::mark(std::vector<float> speech, bool last) {
  if (!watermarker_) return speech;
  watermarker_->push(speech);
  std::vector<float> marked = watermarker_->pop();
  if (last) {
    const std::vector<float> rest = watermarker_->drain();
    marked.insert(marked.end(), rest.begin(), rest.end());
  }
  return marked;
}

// Words that begin before sample `end` of the delivered speech, or all that are left. One whose
// first sounds were too soft to be heard begins where the speech does.
std::vector<WordTime> Delivery::words_before(std::int64_t end, bool all) {
  const std::int64_t cut = silence_.cut_before();
  const auto later = std::find_if(words_.begin(), words_.end(), [=, this](const WordTime& word) {
    return !all && at_speed(word.start - cut) >= end;
  });
  std::vector<WordTime> begun(std::make_move_iterator(words_.begin()),
                              std::make_move_iterator(later));
  words_.erase(words_.begin(), later);
  for (WordTime& word : begun) {
    word.start =
        std::clamp<std::int64_t>(at_speed(word.start - cut), 0, std::max<std::int64_t>(end - 1, 0));
    word.end = std::max(at_speed(word.end - cut), word.start);
  }
  return begun;
}

SynthesisStats Delivery::finish() {
  // The time a caller holds a piece is not ours.
  stats.seconds_total = seconds_since(start_) - waited_;
  return stats;
}

}  // namespace chatterbox

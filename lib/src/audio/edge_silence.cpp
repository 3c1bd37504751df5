// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/edge_silence.h"

#include <algorithm>
#include <numeric>

#include "chatterbox/audio.h"

namespace chatterbox {
namespace {

constexpr std::int64_t samples_of(int ms) { return std::int64_t(ms) * kOutputRateHz / 1000; }

// Loudness is that of windows of this length.
constexpr std::int64_t kWindow = samples_of(5);
// Least RMS of audible sound, -46 dB: the beginning of an "f" is audible, a breath is not.
constexpr float kAudible = 0.005F;
// Silence that stays in front of speech, part of which may be its softest sound, and fades in.
constexpr std::int64_t kBefore = samples_of(10);
constexpr std::int64_t kFade = samples_of(5);
// Silence that stays after it.
constexpr std::int64_t kAfter = samples_of(150);

bool is_audible(std::span<const float> window) {
  const float energy = std::inner_product(window.begin(), window.end(), window.begin(), 0.0F);
  return energy > kAudible * kAudible * float(window.size());
}

}  // namespace

// The first audible window is held: all but a little silence in front of it goes.
void EdgeSilence::begin(std::vector<float>& ready) {
  heard_ = true;
  onset_ = keep_all_ ? silent_ : std::min(silent_, kBefore);
  if (keep_all_) return;
  cut_before_ = silent_ - onset_;
  if (cut_before_ > 0)
    for (std::int64_t i = 0; i < kFade; ++i)
      held_[std::size_t(cut_before_ + i)] *= float(i) / float(kFade);
  ready.insert(ready.end(), held_.begin() + cut_before_, held_.end());
  held_.clear();
}

void EdgeSilence::take_window(std::span<const float> window, std::vector<float>& ready) {
  held_.insert(held_.end(), window.begin(), window.end());
  const bool audible = is_audible(window);
  if (audible && !heard_) begin(ready);
  if (!audible) silent_ += std::int64_t(window.size());
  if (audible) silent_ = 0;
  if (!keep_all_ && !audible && (!heard_ || silent_ > kAfter)) return;
  ready.insert(ready.end(), held_.begin(), held_.end());
  held_.clear();
}

std::vector<float> EdgeSilence::push(std::span<const float> samples, bool last) {
  std::vector<float> ready;
  window_.insert(window_.end(), samples.begin(), samples.end());
  std::size_t taken = 0;
  for (; window_.size() - taken >= std::size_t(kWindow); taken += std::size_t(kWindow))
    take_window(std::span(window_).subspan(taken, std::size_t(kWindow)), ready);
  window_.erase(window_.begin(), window_.begin() + std::ptrdiff_t(taken));
  if (!last) return ready;
  if (!window_.empty()) take_window(window_, ready);
  window_.clear();
  // An utterance of silence alone keeps what is in front of speech.
  if (!heard_ && !held_.empty()) {
    const auto kept = std::min<std::size_t>(held_.size(), std::size_t(kBefore));
    ready.insert(ready.end(), held_.begin(), held_.begin() + std::ptrdiff_t(kept));
    held_.erase(held_.begin(), held_.begin() + std::ptrdiff_t(kept));
  }
  cut_after_ = std::int64_t(held_.size());
  held_.clear();
  return ready;
}

}  // namespace chatterbox

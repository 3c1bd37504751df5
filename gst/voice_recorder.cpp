// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "voice_recorder.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace chatterbox::gst {

namespace {

constexpr int kFramesPerSecond = 50;
constexpr std::size_t kPauseFrames = 15;
constexpr std::size_t kLeadFrames = 5;  // before the first word
constexpr double kFloorDb = -120;
// A sample at the rail that others like it follow was cut off there.
constexpr float kRail = 0.97F;
constexpr int kFlatTop = 3;

double decibels(double power) {
  return power > 1e-12 ? std::max(kFloorDb, 10 * std::log10(power)) : kFloorDb;
}

}  // namespace

VoiceRecorder::VoiceRecorder(int rate_hz, double max_seconds, double silence_db)
    : rate_hz_(rate_hz),
      frame_samples_(std::max<std::size_t>(1, std::size_t(rate_hz / kFramesPerSecond))),
      max_samples_(std::size_t(max_seconds * rate_hz)),
      silence_db_(silence_db) {
  frame_.reserve(frame_samples_);
}

bool VoiceRecorder::push(std::span<const float> samples) {
  for (const float sample : samples) {
    if (full()) return false;
    frame_.push_back(std::isfinite(sample) ? sample : 0.0F);
    if (frame_.size() == frame_samples_) end_frame();
  }
  return !full();
}

void VoiceRecorder::end_frame() {
  double power = 0;
  for (const float sample : frame_) {
    power += double(sample) * sample;
    peak_ = std::max(peak_, std::abs(sample));
    const bool flat = std::abs(sample) >= kRail && sample == flat_value_;
    flat_length_ = flat ? flat_length_ + 1 : 1;
    flat_value_ = sample;
    if (flat) clipped_ += flat_length_ == kFlatTop ? kFlatTop : flat_length_ > kFlatTop;
  }
  power /= double(frame_.size());
  const double level = decibels(power);
  ++levels_[std::size_t(std::clamp(int(std::lround(-level)), 0, kBins - 1))];
  ++frames_;
  if (level >= silence_db_) {
    ++voiced_frames_;
    voiced_power_ += power;
    kept_.insert(kept_.end(), pause_.begin(), pause_.end());
    kept_.insert(kept_.end(), frame_.begin(), frame_.end());
    pause_.clear();
    if (kept_.size() > max_samples_) kept_.resize(max_samples_);
  } else {
    pause_.insert(pause_.end(), frame_.begin(), frame_.end());
    const std::size_t most = (kept_.empty() ? kLeadFrames : kPauseFrames) * frame_samples_;
    if (pause_.size() > most) pause_.erase(pause_.begin(), pause_.end() - std::ptrdiff_t(most));
  }
  frame_.clear();
}

double VoiceRecorder::level_at(double part) const {
  // Digital silence was made by a machine: it says nothing of the room.
  std::uint64_t total = 0;
  for (int bin = 0; bin < kBins - 1; ++bin) total += levels_[std::size_t(bin)];
  std::uint64_t above = 0;
  for (int bin = 0; bin < kBins - 1; ++bin) {
    above += levels_[std::size_t(bin)];
    if (double(above) > (1 - part) * double(total)) return -bin;
  }
  return kFloorDb;
}

RecordingQuality VoiceRecorder::quality() const {
  constexpr double kLoud = 0.9;
  constexpr double kQuiet = 0.05;
  RecordingQuality quality;
  quality.seconds = seconds();
  quality.voiced_seconds = double(voiced_frames_) / kFramesPerSecond;
  if (voiced_frames_ > 0) quality.level_db = decibels(voiced_power_ / double(voiced_frames_));
  quality.peak_db = decibels(double(peak_) * peak_);
  if (!kept_.empty()) quality.clipped = double(clipped_) / double(kept_.size());
  quality.snr_db = level_at(kLoud) - level_at(kQuiet);
  return quality;
}

Audio VoiceRecorder::take() { return {std::exchange(kept_, {}), rate_hz_}; }

}  // namespace chatterbox::gst

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "chatterbox/voice_recorder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace chatterbox {

namespace {

constexpr int kFramesPerSecond = 50;
constexpr std::size_t kPauseFrames = 15;
constexpr std::size_t kLeadFrames = 5;  // before the first word
constexpr double kFloorDb = -120;
// A sample at the rail that others like it follow was cut off there.
constexpr float kRail = 0.97F;
constexpr int kFlatTop = 3;

// Speech against the room it is in, dB. Steady noise alone is near 0, a quiet
// room above 30.
constexpr double kLeastSnrDb = 6;
constexpr double kGoodSnrDb = 15;
// Parts of the recording that are cut off at full scale.
constexpr double kMostClipped = 0.01;
constexpr double kGoodClipped = 0.001;
constexpr double kQuietDb = -40;
constexpr double kGoodSeconds = 8;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[200];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

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

std::optional<RecordingFault> recording_fault(const RecordingQuality& quality, double min_seconds) {
  using Kind = RecordingFault::Kind;
  if (quality.voiced_seconds == 0)
    return RecordingFault{Kind::kSilent, "expected speech, got silence"};
  if (quality.voiced_seconds < min_seconds)
    return RecordingFault{Kind::kTooShort, format("expected at least %.1f s of speech, got %.1f s",
                                                  min_seconds, quality.voiced_seconds)};
  if (quality.clipped > kMostClipped)
    return RecordingFault{Kind::kClipped,
                          format("expected at most %.1f %% of samples at full scale, got %.1f %%",
                                 kMostClipped * 100, quality.clipped * 100)};
  if (quality.snr_db < kLeastSnrDb)
    return RecordingFault{Kind::kNoisy,
                          format("expected speech at least %.0f dB above the noise, got %.0f dB",
                                 kLeastSnrDb, quality.snr_db)};
  return std::nullopt;
}

std::vector<std::string> recording_warnings(const RecordingQuality& quality) {
  std::vector<std::string> warnings;
  if (quality.seconds < kGoodSeconds)
    warnings.push_back(format("%.1f s of speech; %.0f s or more make a better voice",
                              quality.seconds, kGoodSeconds));
  if (quality.snr_db < kGoodSnrDb)
    warnings.push_back(format("the noise is only %.0f dB below the speech", quality.snr_db));
  if (quality.clipped > kGoodClipped)
    warnings.push_back(format("%.1f %% of samples are clipped", quality.clipped * 100));
  if (quality.level_db < kQuietDb)
    warnings.push_back(format("the speech is quiet, %.0f dB of full scale", quality.level_db));
  return warnings;
}

RecordingQuality recording_quality(const Audio& recording) {
  constexpr double kSilenceDb = -50;
  VoiceRecorder recorder(recording.rate_hz, recording.seconds() + 1, kSilenceDb);
  recorder.push(recording.samples);
  return recorder.quality();
}

}  // namespace chatterbox

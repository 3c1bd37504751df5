// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chatterbox/audio.h"

#pragma GCC visibility push(default)
namespace chatterbox {

// Quality of a recording as a reference of a voice.
struct RecordingQuality {
  double seconds = 0;         // of what was kept
  double voiced_seconds = 0;  // of frames above the silence threshold
  double level_db = -120;     // RMS of voiced frames, dB of full scale
  double peak_db = -120;      // dB of full scale
  double clipped = 0;         // samples in flat tops, as a part of the kept ones
  double snr_db = 0;          // loud frames against the quietest ones
};

// Why no voice can be made of a recording.
struct RecordingFault {
  enum class Kind { kTooShort, kSilent, kNoisy, kClipped };
  Kind kind = Kind::kSilent;
  std::string message;  // what was expected and what was found
};

// Fault that makes a recording unfit for a voice, if there is one.
std::optional<RecordingFault> recording_fault(const RecordingQuality& quality, double min_seconds);
// Faults that a voice survives.
std::vector<std::string> recording_warnings(const RecordingQuality& quality);

// Collects speech from a stream of mono samples. Frames of 20 ms below the silence threshold count
// as pauses, which are cut to 0.3 s: the recording holds speech, and its memory is bounded however
// long a silence lasts.
class VoiceRecorder {
 public:
  // `max_seconds`: full then.
  VoiceRecorder(int rate_hz, double max_seconds, double silence_db);

  // Returns false when nothing more is taken.
  bool push(std::span<const float> samples);
  bool full() const { return kept_.size() >= max_samples_; }
  double seconds() const { return double(kept_.size()) / rate_hz_; }
  RecordingQuality quality() const;
  // Moves the recording out; the recorder is empty after it.
  Audio take();

 private:
  // Levels of frames, one bin for each dB below full scale.
  static constexpr int kBins = 121;

  void end_frame();
  // The level that a part of all frames (those of digital silence aside) stay below.
  double level_at(double part) const;

  const int rate_hz_;
  const std::size_t frame_samples_;
  const std::size_t max_samples_;
  const double silence_db_;
  std::vector<float> frame_;
  std::deque<float> pause_;
  std::vector<float> kept_;
  std::array<std::uint64_t, kBins> levels_{};
  std::uint64_t frames_ = 0;
  std::uint64_t voiced_frames_ = 0;
  double voiced_power_ = 0;
  float peak_ = 0;
  std::uint64_t clipped_ = 0;
  float flat_value_ = 0;
  int flat_length_ = 0;
};

// Quality of a whole recording; pauses count from 50 dB below full scale down.
RecordingQuality recording_quality(const Audio& recording);

}  // namespace chatterbox
#pragma GCC visibility pop

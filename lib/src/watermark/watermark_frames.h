// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace chatterbox {

// PerTh's view of a signal. Upstream converts every signal to 32 kHz and looks at windows of 2048
// samples, 320 apart, of which it changes the lowest 128 bins (below 2 kHz). At a rate where 64 ms
// and 10 ms are whole numbers of samples the same bins, at the same frequencies, come from a window
// of another size: 1536 samples at 24 kHz. No rate need be converted at all.
class WatermarkFrames {
 public:
  static constexpr std::int64_t kBins = 128;
  static constexpr int kFramesPerSecond = 100;

  // Throws kInvalidArgument unless takes(rate_hz).
  explicit WatermarkFrames(int rate_hz);
  static bool takes(int rate_hz);

  int rate_hz() const { return rate_hz_; }
  std::int64_t hop() const { return hop_; }        // samples, 10 ms
  std::int64_t window() const { return window_; }  // samples, 64 ms
  std::int64_t half() const { return window_ / 2; }
  const at::Tensor& hann() const { return hann_; }  // (window)

  struct Spectra {
    at::Tensor bins;    // (frames, kBins) complex
    at::Tensor levels;  // (frames, kBins): -180 dB is 0, 15 dB is 1
    at::Tensor sums;    // (frames): mean level over all bins up to half the rate
  };
  // samples: (window + (frames - 1) * hop)
  Spectra analyse(const at::Tensor& samples) const;

  // The frames (frames, window), windowed, whose lowest bins are those given.
  at::Tensor synthesise(const at::Tensor& bins) const;

  // `signal` with half a window mirrored at either end, as upstream looks at a whole recording.
  std::vector<float> mirrored(const std::vector<float>& signal) const;

 private:
  int rate_hz_;
  std::int64_t hop_, window_;
  at::Tensor hann_;
};

// dB from the lowest level to the highest, which levels divide by.
inline constexpr double kWatermarkLevelRange = 195.0;

// A frame with no more than this part of the loudest frame's mean level is no place for a mark.
inline constexpr double kWatermarkSilence = 0.05;

// The index below `size` that mirroring at both ends leads to.
std::int64_t mirror(std::int64_t index, std::int64_t size);

}  // namespace chatterbox

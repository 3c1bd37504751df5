// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "watermark/watermark_frames.h"

#include <string>

#include "audio/stft.h"
#include "chatterbox/error.h"

namespace chatterbox {
namespace {

// The rate, Hz, and window, samples, at which levels are defined.
constexpr double kReferenceWindow = 2048;
constexpr double kFloorDb = -180;

}  // namespace

bool WatermarkFrames::takes(int rate_hz) {
  return rate_hz >= 8000 && rate_hz <= 192000 && rate_hz % 500 == 0;
}

WatermarkFrames::WatermarkFrames(int rate_hz) : rate_hz_(rate_hz) {
  if (!takes(rate_hz))
    throw Error(ErrorCode::kInvalidArgument,
                "watermark: expected a rate of 8000 to 192000 Hz that 500 divides, got " +
                    std::to_string(rate_hz));
  hop_ = rate_hz / kFramesPerSecond;
  window_ = std::int64_t{rate_hz} * 8 / 125;
  hann_ = hann_window(int(window_));
}

WatermarkFrames::Spectra WatermarkFrames::analyse(const at::Tensor& samples) const {
  const at::Tensor spectra = at::fft_rfft(samples.unfold(0, window_, hop_) * hann_);
  // Longer windows sum more samples; levels are those of the reference window.
  const at::Tensor magnitudes =
      (spectra.abs() * (kReferenceWindow / double(window_))).clamp_min_(1e-9);
  const at::Tensor levels = magnitudes.log10_().mul_(20).sub_(kFloorDb).div_(kWatermarkLevelRange);
  return {spectra.slice(1, 0, kBins), levels.slice(1, 0, kBins), levels.mean(1)};
}

at::Tensor WatermarkFrames::synthesise(const at::Tensor& bins) const {
  return at::fft_irfft(bins, window_).mul_(hann_);
}

std::int64_t mirror(std::int64_t index, std::int64_t size) {
  if (size == 1) return 0;
  const std::int64_t period = 2 * (size - 1);
  index = ((index % period) + period) % period;
  return index < size ? index : period - index;
}

std::vector<float> WatermarkFrames::mirrored(const std::vector<float>& signal) const {
  const auto size = std::int64_t(signal.size());
  std::vector<float> padded(signal.size() + std::size_t(window_));
  for (std::int64_t i = 0; i < std::int64_t(padded.size()); ++i)
    padded[std::size_t(i)] = signal[std::size_t(mirror(i - half(), size))];
  return padded;
}

}  // namespace chatterbox

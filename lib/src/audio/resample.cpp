// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/resample.h"

#include <soxr.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "chatterbox/error.h"

namespace chatterbox {

at::Tensor to_tensor(const Audio& audio) { return at::tensor(audio.samples, at::kFloat); }

Audio resample(const Audio& audio, int rate_hz) {
  if (audio.rate_hz <= 0 || rate_hz <= 0)
    throw Error(ErrorCode::kInvalidArgument, "resample: expected rates above 0 Hz, got " +
                                                 std::to_string(audio.rate_hz) + " to " +
                                                 std::to_string(rate_hz));
  if (audio.rate_hz == rate_hz || audio.samples.empty()) return {audio.samples, rate_hz};

  // librosa computes the length in doubles, rounding errors included, and fills
  // what soxr did not deliver with zeros.
  const double ratio = double(rate_hz) / audio.rate_hz;
  Audio output;
  output.rate_hz = rate_hz;
  output.samples.resize(std::size_t(std::ceil(double(audio.samples.size()) * ratio)), 0.0F);

  const soxr_io_spec_t types = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_error_t failure = soxr_oneshot(
      audio.rate_hz, rate_hz, 1, audio.samples.data(), audio.samples.size(), nullptr,
      output.samples.data(), output.samples.size(), nullptr, &types, &quality, nullptr);
  if (failure != nullptr)
    throw Error(ErrorCode::kInvalidArgument, "resample: soxr refused " +
                                                 std::to_string(audio.rate_hz) + " to " +
                                                 std::to_string(rate_hz) + " Hz: " + failure);
  return output;
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "live/live_shape.h"

#include <algorithm>
#include <string>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

constexpr int kFrameMs = 20;
constexpr std::int64_t kFramesPerToken = 2;
// The vocoder gets this much of the lookahead before tokens get more than one;
// docs/design/live-conversion.md has the measurements.
constexpr std::int64_t kVocoderFrames = 4;
// The token encoder looks no further.
constexpr std::int64_t kMostAhead = 3;

void check_range(const char* what, const Range& range, double value) {
  if (value >= range.low && value <= range.high) return;
  throw Error(ErrorCode::kInvalidArgument,
              std::string(what) + ": expected " + std::to_string(range.low) + " to " +
                  std::to_string(range.high) + ", got " + std::to_string(value));
}

// A window of the watermark, 64 ms, at 16 kHz.
constexpr std::int64_t kWatermarkHeard = 1024;

}  // namespace

LiveShape::LiveShape(const ConversionOptions& options) : chunk(options.chunk_size) {
  const std::int64_t frames = (options.lookahead + kFrameMs - 1) / kFrameMs;
  ahead = std::clamp<std::int64_t>((frames - kVocoderFrames) / kFramesPerToken, 1, kMostAhead);
  vocoder_lookahead = frames - ahead * kFramesPerToken;
  held_back = options.watermark ? kWatermarkHeard : 0;
}

std::int64_t LiveShape::latency() const {
  return (chunk + ahead) * kHeardPerToken + kHeardEdge +
         vocoder_lookahead * kHeardPerToken / kFramesPerToken + held_back;
}

void check(const ConversionOptions& options) {
  check_range("chunk_size", ConversionOptions::kChunkSize, options.chunk_size);
  check_range("lookahead", ConversionOptions::kLookahead, options.lookahead);
  check_range("flow_steps", SynthesisOptions::kFlowSteps, options.flow_steps);
  check_range("silence_threshold", ConversionOptions::kSilenceThreshold,
              options.silence_threshold);
}

std::int64_t Converter::latency(const ConversionOptions& options) {
  return LiveShape(options).latency();
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "live/live_shape.h"

#include <algorithm>

#include "audio/speech_frames.h"
#include "check_range.h"

namespace chatterbox {
namespace {

constexpr int kFrameMs = 20;
// The vocoder gets this much of the lookahead before tokens get more than one;
// docs/design/live-conversion.md has the measurements.
constexpr std::int64_t kVocoderFrames = 4;
// The token encoder looks no further.
constexpr std::int64_t kMostAhead = 3;

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
  using O = ConversionOptions;
  check_range("chunk_size", options.chunk_size, O::kChunkSize);
  check_range("lookahead", options.lookahead, O::kLookahead);
  check_range("flow_steps", options.flow_steps, SynthesisOptions::kFlowSteps);
  check_range("silence_threshold", options.silence_threshold, O::kSilenceThreshold);
}

std::int64_t Converter::latency(const ConversionOptions& options) {
  return LiveShape(options).latency();
}

}  // namespace chatterbox

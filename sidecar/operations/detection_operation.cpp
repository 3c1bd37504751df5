// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Operation "watermark_detection": is a recording marked as synthetic?
#include "audio/audio_decode.h"
#include "chatterbox/watermark.h"
#include "operations/operations.h"

namespace chatterbox::sidecar {

std::string detect_watermark(const DetectionRequest& request,
                             const std::vector<std::string>& warnings, const JobContext& context) {
  DecodeLimits limits;
  limits.seconds = context.voices.max_audio_seconds();
  const Audio input = decode_upload("input_audio", request.input, limits, context.stop);
  const WatermarkDetector detector(context.model.watermark());
  const double confidence = detector.confidence(input);

  JsonWriter json;
  json.begin_object()
      .field("operation", "watermark_detection")
      .field("watermark_detected", confidence >= WatermarkDetector::kThreshold)
      .field("confidence", confidence)
      .field("duration", input.seconds());
  write_warnings(json, warnings);
  return json.end_object().take();
}

}  // namespace chatterbox::sidecar

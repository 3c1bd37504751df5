// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Operations "voice_conversion" and "voice_transfer": the same words in another
// voice.
#include <algorithm>
#include <chrono>

#include "audio/audio_decode.h"
#include "chatterbox/error.h"
#include "operations/operations.h"
#include "seconds_since.h"

namespace chatterbox::sidecar {
namespace {

using Kind = ConversionRequest::Kind;

void write_transfer(JsonWriter& json, Kind kind, const ChosenVoice& chosen) {
  json.key("transfer_info").begin_object();
  if (kind == Kind::kTransferToVoice) {
    json.field("transfer_mode", "embedding")
        .field("target_voice", chosen.name)
        .field("source", chosen.source);
  } else {
    json.field("transfer_mode", "audio")
        .field("target_voice", "target_audio")
        .field("target_source", "audio_file")
        .field("target_duration", chosen.reference_seconds);
  }
  json.end_object();
}

}  // namespace

std::string convert_speech(const ConversionRequest& request,
                           const std::vector<std::string>& warnings, const JobContext& context) {
  const auto start = std::chrono::steady_clock::now();
  VoiceChoice target = request.target;
  // As the interface has it: of a target's recording, 10 s are heard.
  if (!target.reference.empty()) target.max_seconds = 10;
  const ChosenVoice chosen =
      context.voices.choose(context.owner, target, context.model, context.engine, context.stop);

  DecodeLimits limits;
  limits.seconds = context.voices.max_audio_seconds();
  const Audio input = decode_upload("input_audio", request.input, limits, context.stop);
  const Audio output =
      context.engine.convert(input, chosen.voice, {context.seed, request.watermark}, context.stop);
  const std::vector<float>& samples = output.samples;
  const double seconds = seconds_since(start);
  context.metrics.observe_real_time_factor(seconds / std::max(input.seconds(), 0.001));

  const bool transfer = request.kind != Kind::kConversion;
  JsonWriter json;
  json.buffer().reserve(samples.size() * 8 / 3 + 4096);
  json.begin_object();
  write_audio(json, "audio", samples, output.rate_hz);
  json.field("sample_rate", output.rate_hz)
      .field("duration", double(samples.size()) / output.rate_hz)
      .field("format", "wav")
      .field("model", "s3gen")
      .field("operation", transfer ? "voice_transfer" : "voice_conversion")
      .field("watermark_applied", request.watermark)
      .field("input_duration", input.seconds());
  write_info(json, output.seconds(), context.model);
  if (transfer) {
    write_transfer(json, request.kind, chosen);
    json.field("output_method", "base64");
  } else {
    json.key("target_voice_info").begin_object();
    json.field("voice_name", chosen.name)
        .field("voice_id", chosen.id)
        .field("loaded_via", chosen.source)
        .end_object();
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.2f seconds", seconds);
  json.field("processing_time", text).field("processing_seconds", seconds);
  write_warnings(json, warnings);
  return json.end_object().take();
}

}  // namespace chatterbox::sidecar

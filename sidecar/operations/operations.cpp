// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "operations/operations.h"

#include <cstdio>
#include <stdexcept>

#include "audio/base64.h"
#include "audio/wav.h"

namespace chatterbox::sidecar {

std::string run_operation(const Request& request, const JobContext& context) {
  struct Run {
    const std::vector<std::string>& warnings;
    const JobContext& context;
    std::string operator()(const SpeechRequest& speech) { return speak(speech, warnings, context); }
    std::string operator()(const ListRequest&) {
      throw std::logic_error("expected list_voices() for a list of voices");
    }
    std::string operator()(const CloneRequest& clone) {
      return clone_voice(clone, warnings, context);
    }
    std::string operator()(const ConversionRequest& conversion) {
      return convert_speech(conversion, warnings, context);
    }
    std::string operator()(const DetectionRequest& detection) {
      return detect_watermark(detection, warnings, context);
    }
  };
  return std::visit(Run{request.warnings, context}, request.operation);
}

void write_info(JsonWriter& json, double seconds, const Model& model) {
  char length[32];
  std::snprintf(length, sizeof length, "%.2f", seconds);
  json.field("info", std::string(length) + " s of speech by " + model.name());
}

void write_facts(JsonWriter& json, const ModelFacts& facts) {
  json.key("languages").begin_array();
  for (const std::string& code : facts.languages) json.text(code);
  json.end_array().key("tags").begin_array();
  for (const std::string& tag : facts.tags) json.text(tag);
  json.end_array();
}

void write_warnings(JsonWriter& json, const std::vector<std::string>& warnings) {
  if (warnings.empty()) return;
  json.key("warnings").begin_array();
  for (const std::string& warning : warnings) json.text(warning);
  json.end_array();
}

void write_audio(JsonWriter& json, const char* name, std::span<const float> samples, int rate_hz) {
  json.key(name).raw("\"");
  append_base64(json.buffer(), wav_file(samples, rate_hz));
  json.buffer() += '"';
}

}  // namespace chatterbox::sidecar

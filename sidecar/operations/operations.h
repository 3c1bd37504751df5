// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "chatterbox/engine.h"
#include "metrics.h"
#include "models/models.h"
#include "operations/json.h"
#include "operations/request.h"
#include "operations/voices.h"

namespace chatterbox::sidecar {

// Parts of the server that an operation uses. The engine is the worker's own.
struct JobContext {
  Engine& engine;
  const Model& model;
  Voices& voices;
  Metrics& metrics;
  std::string job_id;
  std::string owner;
  // Decides the speech unless the request names a seed: a job that is begun
  // again says the same, sample for sample.
  std::uint64_t seed = 0;
  // Asked once the job is to end: between tokens and while decoding.
  std::stop_token stop;
  // Takes a piece of the output, JSON, while the rest is made.
  std::function<void(const std::string& json)> chunk;
};

// Does what the request says and returns the job's "output", JSON; all but ListRequest, for which
// there is list_voices(). Throws RequestError for what the request got wrong, and Error.
std::string run_operation(const Request& request, const JobContext& context);

// One per file.
std::string speak(const SpeechRequest& request, const std::vector<std::string>& warnings,
                  const JobContext& context);
std::string list_voices(const std::vector<std::string>& warnings, const VoiceLibrary& library,
                        const Models& models);
std::string clone_voice(const CloneRequest& request, std::vector<std::string> warnings,
                        const JobContext& context);
std::string convert_speech(const ConversionRequest& request,
                           const std::vector<std::string>& warnings, const JobContext& context);

std::string detect_watermark(const DetectionRequest& request,
                             const std::vector<std::string>& warnings, const JobContext& context);

// Appends "info", a sentence for people: the speech's length and the model.
void write_info(JsonWriter& json, double seconds, const Model& model);
// Appends "languages" and "tags" of a model.
void write_facts(JsonWriter& json, const ModelFacts& facts);
// Appends `"warnings":[...]` when there are any.
void write_warnings(JsonWriter& json, const std::vector<std::string>& warnings);
// Appends `name` with a WAV file of the samples in base64.
void write_audio(JsonWriter& json, const char* name, std::span<const float> samples, int rate_hz);

}  // namespace chatterbox::sidecar

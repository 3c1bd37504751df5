// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Operations "voice_cloning" and "list_local_voices".
#include <ctime>
#include <map>

#include "audio/audio_decode.h"
#include "chatterbox/error.h"
#include "chatterbox/voice_recorder.h"
#include "operations/operations.h"

namespace chatterbox::sidecar {
namespace {

constexpr double kLeastSeconds = 5, kMostSeconds = 60;
// Shortest speech in it, without pauses.
constexpr double kLeastSpeech = 3;
constexpr const char* kSampleText = "Hello, this is a sample of your new voice.";

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
  return text;
}

void write_usage(JsonWriter& json, const char* key, const char* mode, const std::string& name) {
  json.key(key).begin_object();
  json.field("operation", "tts")
      .field("mode", mode)
      .field("text", "Your text here")
      .field("voice_name", name)
      .end_object();
}

}  // namespace

std::string clone_voice(const CloneRequest& request, std::vector<std::string> warnings,
                        const JobContext& context) {
  VoiceLibrary library = context.voices.library(context.owner);
  // A job that was interrupted after saving finds its own voice when it begins again.
  const std::string provenance = "cloned by job " + context.job_id;
  const auto id_of_ours = [&]() -> std::string {
    if (!request.save || !library.contains(request.name)) return "";
    const VoiceEntry entry = library.find(request.name);
    if (entry.provenance == provenance) return entry.id;
    throw RequestError("Voice '" + request.name + "' already exists",
                       "voice_name: expected a name that no voice has, got '" + request.name + "'");
  };
  std::string id = id_of_ours();
  if (request.save && id.empty()) context.voices.check_room(context.owner);

  DecodeLimits limits;
  limits.seconds = kMostSeconds + 1;
  limits.cut = true;
  Audio recording = decode_upload("reference_audio", request.reference, limits, context.stop);
  if (recording.seconds() > kMostSeconds) {
    recording.samples.resize(std::size_t(kMostSeconds * recording.rate_hz));
    warnings.push_back("reference_audio: expected 5 to 60 s, got more; the first 60 s were used");
  }
  const auto too_short = [&](const std::string& expected) {
    return RequestError("Reference audio too short",
                        "reference_audio: expected " + expected + " s, got " +
                            std::to_string(recording.seconds()).substr(0, 5) + " s");
  };
  if (recording.seconds() < kLeastSeconds) throw too_short("5 to 60");
  if (const double least = context.model.min_reference_seconds(); recording.seconds() <= least)
    throw too_short("more than " + std::to_string(least).substr(0, 3));
  check_recording("reference_audio", recording, kLeastSpeech);
  for (const std::string& warning : recording_warnings(recording_quality(recording)))
    warnings.push_back("reference_audio: " + warning);
  const Voice voice = context.engine.make_voice(recording, context.stop);
  SynthesisOptions options;
  options.seed = context.seed;
  options.streaming = false;
  options.watermark = request.watermark;
  const std::vector<float> samples =
      context.engine.synthesize(kSampleText, voice, options, context.stop).samples;

  if (request.save && id.empty()) {
    NewVoice entry;
    entry.name = request.name;
    entry.description = request.description;
    entry.provenance = provenance;
    try {
      const VoiceEntry added = library.add(entry, recording);
      context.voices.added(context.owner, added);
      id = added.id;
    } catch (const Error&) {
      // Two jobs may have wanted the name at once.
      id_of_ours();
      throw;
    }
  }

  JsonWriter json;
  json.begin_object().field("success", true).key("voice_info").begin_object();
  json.field("voice_name", request.name)
      .field("voice_id", id.empty() ? "none" : id)
      .field("description", request.description)
      .field("duration", recording.seconds())
      .field("sample_rate", recording.rate_hz)
      .field("created_at", now_text())
      .field("type", "user_cloned_voice")
      .end_object();
  write_audio(json, "sample_audio", samples, kOutputRateHz);
  json.field("sample_rate", kOutputRateHz)
      .field("saved_to_library", request.save)
      .field("operation", "voice_cloning")
      .field("message", "Voice '" + request.name + "' cloned successfully")
      .field("watermark_applied", request.watermark);
  json.key("usage_instructions").begin_object();
  write_usage(json, "tts_basic", "basic", request.name);
  write_usage(json, "tts_streaming", "streaming_voice_cloning", request.name);
  json.end_object();
  write_warnings(json, warnings);
  return json.end_object().take();
}

std::string list_voices(const std::vector<std::string>& warnings, const VoiceLibrary& library,
                        const Models& models) {
  const std::vector<VoiceEntry> voices = library.list();
  std::map<std::string, int> genders;
  JsonWriter json;
  json.begin_object().key("local_voices").begin_array();
  for (const VoiceEntry& voice : voices) {
    ++genders[voice.gender.empty() ? "unknown" : voice.gender];
    json.begin_object()
        .field("voice_id", voice.id)
        .field("speaker_name", voice.name)
        .field("name", voice.name)
        .field("gender", voice.gender.empty() ? "unknown" : voice.gender)
        .field("duration", voice.seconds)
        .field("original_file", voice.original_file)
        .field("type", voice.type)
        .field("description", voice.description)
        .field("category", voice.own ? "user" : "library")
        .end_object();
  }
  json.end_array()
      .field("total_local_voices", int(voices.size()))
      .field("operation", "list_local_voices");
  json.key("stats").begin_object().field("total_voices", int(voices.size()));
  json.key("gender_distribution").begin_object();
  for (const auto& [gender, count] : genders) json.field(gender, count);
  json.end_object().end_object();
  json.key("models").begin_array();
  for (const ModelView& model : models.list()) {
    json.begin_object().field("name", model.name).field("family", model.facts.family);
    write_facts(json, model.facts);
    json.end_object();
  }
  json.end_array();
  write_warnings(json, warnings);
  return json.end_object().take();
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <json-glib/json-glib.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chatterbox/options.h"
#include "operations/fields.h"

namespace chatterbox::sidecar {

// Choice of a voice. The first that is not empty decides, in this order; none: the model's own
// voice.
struct VoiceChoice {
  std::string id;
  std::string name;
  // Another service's name stands for this voice unless one of ours has it; then, as without
  // a name, for the model's own.
  std::optional<std::string> stands_for;
  std::string reference;  // bytes of an audio file
  // The field that held them.
  const char* field = "reference_audio";
  // Length of the reference; the rest is not used.
  double max_seconds = 30;
};

enum class Normalization { kNone, kPeak, kRms };
enum class SpeechMode { kBasic, kStreaming, kStreamingVoiceCloning };

struct SpeechRequest {
  SpeechMode mode = SpeechMode::kBasic;
  std::string text;
  SynthesisOptions options;
  VoiceChoice voice;
  int sample_rate = 24000;
  Normalization normalization = Normalization::kNone;
  bool print_metrics = true;
  // Chunks without the header of a WAV file.
  bool pcm_chunks = false;
  // As RunPod's own endpoint of Chatterbox is asked: "prompt" and no operation. The output then
  // holds "audio_url", a file of this format ("wav", "flac" or "ogg").
  std::string url_format;

  bool streams() const { return mode != SpeechMode::kBasic; }
};

struct ListRequest {};

struct CloneRequest {
  std::string reference;
  std::string name;
  std::string description;
  bool save = true;
  bool watermark = true;
};

// voice_conversion and voice_transfer do the same and answer differently.
struct ConversionRequest {
  enum class Kind { kConversion, kTransferToVoice, kTransferToAudio };
  Kind kind = Kind::kConversion;
  std::string input;
  VoiceChoice target;
  bool watermark = true;
};

// Is a recording marked?
struct DetectionRequest {
  std::string input;
};

struct Request {
  std::variant<SpeechRequest, ListRequest, CloneRequest, ConversionRequest, DetectionRequest>
      operation;
  // By which of the server's models; empty: the default one.
  std::string model;
  // Sentences for the answer: fields nobody knows.
  std::vector<std::string> warnings;
};

// Reads and checks what a job's "input" says. Throws RequestError.
Request parse_request(JsonObject* input);

// "basic", "streaming" or "streaming_voice_cloning".
const char* to_string(SpeechMode mode);

// Throws RequestError unless 1 to Engine::kMaxTextLength characters with
// something else than white space.
void check_text(const std::string& text);

// Throws RequestError unless `name` may name a voice, and so a file.
void check_new_voice_name(const std::string& name);
// The client's description of a new voice. Throws RequestError when that is too long.
std::string description_field(Fields& fields, const char* name);

inline constexpr int kMinSampleRateHz = 8000;
inline constexpr int kMaxSampleRateHz = 96000;

}  // namespace chatterbox::sidecar

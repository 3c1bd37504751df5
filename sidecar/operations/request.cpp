// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "operations/request.h"

#include <glib.h>

#include "audio/base64.h"
#include "chatterbox/engine.h"
#include "chatterbox/error.h"
#include "chatterbox/voice_library.h"

namespace chatterbox::sidecar {
namespace {

// Ranges that the interface documents, some narrower than the library's.
constexpr Range kExaggeration{0.0, 1.0};
constexpr Range kCfgWeight{0.0, 1.0};
constexpr Range kTemperature{0.1, 2.0};
constexpr Range kReferenceSeconds{1.0, 300.0};
constexpr std::int64_t kMaxChunkSize = 100;

std::string audio_field(Fields& fields, const char* name) {
  const auto text = fields.text(name);
  if (!text) return "";
  try {
    std::string bytes = decode_base64(*text);
    if (bytes.empty())
      throw RequestError(std::string("Invalid value for ") + name,
                         std::string(name) + ": expected audio in base64, got nothing");
    return bytes;
  } catch (const Error& error) {
    const std::string what = error.what();
    const bool padding = what.starts_with("Incorrect padding");
    throw RequestError(padding ? "Incorrect padding" : std::string("Invalid base64 in ") + name,
                       std::string(name) + ": " + what);
  }
}

std::string required_audio(Fields& fields, const char* name) {
  std::string bytes = audio_field(fields, name);
  if (bytes.empty())
    throw RequestError(std::string(name) + " is required",
                       std::string(name) + ": expected audio in base64, got nothing");
  return bytes;
}

bool watermark_field(Fields& fields) { return !fields.boolean("no_watermark").value_or(false); }

// `voice_name`, or what another interface to this model calls it.
std::string name_field(Fields& fields) {
  auto name = fields.text("voice_name");
  const auto alias = fields.text("voice");
  return name ? *name : alias.value_or("");
}

SpeechMode parse_mode(Fields& fields) {
  const std::string mode = fields.text("mode").value_or("basic");
  for (const SpeechMode known :
       {SpeechMode::kBasic, SpeechMode::kStreaming, SpeechMode::kStreamingVoiceCloning})
    if (mode == to_string(known)) return known;
  throw RequestError(
      "Unknown mode: " + mode,
      "mode: expected basic, streaming or streaming_voice_cloning, got '" + mode + "'");
}

SynthesisOptions parse_options(Fields& fields, SpeechMode mode) {
  const bool cloning = mode == SpeechMode::kStreamingVoiceCloning;
  SynthesisOptions options;
  options.streaming = mode != SpeechMode::kBasic;
  options.exaggeration = fields.number("exaggeration", kExaggeration);
  options.cfg_weight = fields.number("cfg_weight", kCfgWeight);
  if (const auto alias = fields.number("cfg", kCfgWeight); alias && !options.cfg_weight)
    options.cfg_weight = alias;
  options.temperature = fields.number("temperature", kTemperature);
  options.repetition_penalty =
      fields.number("repetition_penalty", SynthesisOptions::kRepetitionPenalty);
  options.min_p = fields.number("min_p", SynthesisOptions::kMinP);
  options.top_p = fields.number("top_p", SynthesisOptions::kTopP);
  if (const auto top_k = fields.integer("top_k", 0, std::int64_t(SynthesisOptions::kTopK.high)))
    options.top_k = int(*top_k);
  options.flow_steps = int(
      fields.integer("flow_steps", 0, std::int64_t(SynthesisOptions::kFlowSteps.high)).value_or(0));
  if (const auto language = fields.text("language_id")) options.language = *language;
  if (const auto seed = fields.integer("seed", 0, G_MAXINT64)) options.seed = std::uint64_t(*seed);
  options.chunk_size =
      int(fields.integer("chunk_size", 1, kMaxChunkSize).value_or(cloning ? 25 : 50));
  if (cloning) {
    if (!options.exaggeration) options.exaggeration = 0.7;
    if (!options.cfg_weight) options.cfg_weight = 0.3;
  }
  return options;
}

Normalization parse_normalization(Fields& fields) {
  const auto word = fields.text("audio_normalization");
  if (!word) return Normalization::kNone;
  if (*word == "peak") return Normalization::kPeak;
  if (*word == "rms") return Normalization::kRms;
  throw RequestError("Invalid value for audio_normalization",
                     "audio_normalization: expected peak, rms or null, got '" + *word + "'");
}

VoiceChoice parse_speaker(Fields& fields) {
  VoiceChoice voice;
  voice.id = fields.text("voice_id").value_or("");
  voice.name = name_field(fields);
  voice.reference = audio_field(fields, "reference_audio");
  voice.max_seconds =
      fields.number("max_reference_duration_sec", kReferenceSeconds).value_or(voice.max_seconds);
  return voice;
}

// The 20 voices of RunPod's endpoint, each with one of ours.
constexpr std::pair<const char*, const char*> kPresets[] = {
    {"aaron", "Aaron"},    {"abigail", "Abigail"}, {"anaya", "Anna"},      {"andy", "Andrew"},
    {"archer", "Arthur"},  {"brian", "Brian"},     {"chloe", "Christina"}, {"dylan", "Blake"},
    {"emmanuel", "Alan"},  {"ethan", "Brandon"},   {"evelyn", "Beverly"},  {"gavin", "Adam"},
    {"gordon", "Albert"},  {"ivan", "Bryan"},      {"laura", "Carol"},     {"lucy", "Amy"},
    {"madison", "Ashley"}, {"marisol", "Amanda"},  {"meera", "Angela"},    {"walter", "Charles"},
};

void parse_endpoint_form(Fields& fields, SpeechRequest& request) {
  if (fields.text("voice_url"))
    throw RequestError("voice_url is not supported",
                       "voice_url: expected a voice's name or reference_audio, got an address; the "
                       "server fetches nothing from the network");
  request.url_format = fields.text("format").value_or("wav");
  if (request.url_format != "wav" && request.url_format != "flac" && request.url_format != "ogg")
    throw RequestError("Invalid value for format",
                       "format: expected wav, flac or ogg, got '" + request.url_format + "'");
  for (const auto& [theirs, ours] : kPresets)
    if (request.voice.name == theirs) request.voice.stands_for = ours;
}

SpeechRequest parse_speech(Fields& fields) {
  SpeechRequest request;
  request.mode = parse_mode(fields);
  const auto text = fields.text("text");
  const auto prompt = fields.text("prompt");
  request.text = text ? *text : prompt.value_or("");
  check_text(request.text);
  request.options = parse_options(fields, request.mode);
  request.voice = parse_speaker(fields);
  request.sample_rate = int(
      fields.integer("sample_rate", kMinSampleRateHz, kMaxSampleRateHz).value_or(kOutputRateHz));
  request.normalization = parse_normalization(fields);
  request.print_metrics = fields.boolean("print_metrics").value_or(true);
  request.options.watermark = watermark_field(fields);
  const std::string format = fields.text("stream_format").value_or("wav");
  if (format != "wav" && format != "pcm")
    throw RequestError("Invalid value for stream_format",
                       "stream_format: expected wav or pcm, got '" + format + "'");
  request.pcm_chunks = format == "pcm";
  if (prompt && !text && !fields.has("operation")) parse_endpoint_form(fields, request);
  return request;
}

CloneRequest parse_clone(Fields& fields) {
  CloneRequest request;
  request.name = fields.text("voice_name").value_or("");
  if (request.name.empty())
    throw RequestError("voice_name is required", "voice_name: expected a name, got nothing");
  check_new_voice_name(request.name);
  request.reference = required_audio(fields, "reference_audio");
  request.description = description_field(fields, "voice_description");
  request.save = fields.boolean("save_to_library").value_or(true);
  request.watermark = watermark_field(fields);
  return request;
}

void refuse_address(Fields& fields, const char* name) {
  if (fields.boolean(name).value_or(false))
    throw RequestError(std::string(name) + " is not supported",
                       std::string(name) +
                           ": expected audio in base64, got an address; the server "
                           "fetches nothing from the network");
}

[[noreturn]] void refuse_missing_target(const char* fields_text) {
  throw RequestError("A target voice is required",
                     std::string("expected ") + fields_text + ", got none of them");
}

ConversionRequest parse_conversion(Fields& fields) {
  ConversionRequest request;
  refuse_address(fields, "input_is_url");
  request.input = required_audio(fields, "input_audio");
  request.target.field = "target_speaker";
  request.target.reference = audio_field(fields, request.target.field);
  const std::string id = fields.text("voice_id").value_or("");
  const std::string name = name_field(fields);
  if (request.target.reference.empty()) {
    if (!id.empty() && !name.empty())
      throw RequestError("Ambiguous target voice",
                         "expected one of voice_name, voice_id and target_speaker, got two");
    request.target.id = id;
    request.target.name = name;
    if (id.empty() && name.empty())
      refuse_missing_target("one of voice_name, voice_id and target_speaker");
  }
  request.watermark = watermark_field(fields);
  return request;
}

ConversionRequest parse_transfer(Fields& fields) {
  ConversionRequest request;
  refuse_address(fields, "input_is_url");
  refuse_address(fields, "target_is_url");
  const std::string mode = fields.text("transfer_mode").value_or("");
  if (mode == "embedding")
    request.kind = ConversionRequest::Kind::kTransferToVoice;
  else if (mode == "audio")
    request.kind = ConversionRequest::Kind::kTransferToAudio;
  else
    throw RequestError(
        mode.empty() ? "transfer_mode is required" : "Unknown transfer_mode: " + mode,
        "transfer_mode: expected embedding or audio, got '" + mode + "'");
  request.input = required_audio(fields, "input_audio");
  if (mode == "audio") {
    request.target.field = "target_audio";
    request.target.reference = required_audio(fields, request.target.field);
  } else {
    request.target.id = fields.text("voice_id").value_or("");
    request.target.name = name_field(fields);
    if (request.target.id.empty() && request.target.name.empty())
      refuse_missing_target("voice_name or voice_id");
  }
  request.watermark = watermark_field(fields);
  return request;
}

}  // namespace

const char* to_string(SpeechMode mode) {
  switch (mode) {
    case SpeechMode::kBasic:
      return "basic";
    case SpeechMode::kStreaming:
      return "streaming";
    default:
      return "streaming_voice_cloning";
  }
}

void check_text(const std::string& text) {
  bool blank = true;
  for (const char* at = text.c_str(); *at && blank; at = g_utf8_next_char(at))
    blank = g_unichar_isspace(g_utf8_get_char(at));
  if (blank) throw RequestError("Text cannot be empty", "text: expected words to speak, got none");
  const glong length = g_utf8_strlen(text.c_str(), gssize(text.size()));
  if (std::size_t(length) > Engine::kMaxTextLength)
    throw RequestError("Text too long (max 5000 characters)",
                       "text: expected at most " + std::to_string(Engine::kMaxTextLength) +
                           " characters, got " + std::to_string(length));
}

void check_new_voice_name(const std::string& name) {
  try {
    check_voice_name(name);
  } catch (const Error& error) {
    throw RequestError("Invalid voice_name", std::string("voice_name: ") + error.what());
  }
}

std::string description_field(Fields& fields, const char* name) {
  constexpr std::size_t kMostBytes = 1000;
  const std::string text = fields.text(name).value_or("");
  if (text.size() > kMostBytes)
    throw RequestError(std::string("Invalid value for ") + name,
                       std::string(name) + ": expected at most " + std::to_string(kMostBytes) +
                           " bytes, got " + std::to_string(text.size()));
  return text;
}

Request parse_request(JsonObject* input) {
  Fields fields(input);
  Request request;
  request.model = fields.text("model").value_or("");
  const std::string operation = fields.text("operation").value_or("tts");
  if (operation == "tts")
    request.operation = parse_speech(fields);
  else if (operation == "list_local_voices")
    request.operation = ListRequest{};
  else if (operation == "voice_cloning")
    request.operation = parse_clone(fields);
  else if (operation == "voice_conversion")
    request.operation = parse_conversion(fields);
  else if (operation == "voice_transfer")
    request.operation = parse_transfer(fields);
  else if (operation == "watermark_detection")
    request.operation = DetectionRequest{required_audio(fields, "input_audio")};
  else
    throw RequestError("Unknown operation: " + operation,
                       "operation: expected tts, list_local_voices, voice_cloning, "
                       "voice_conversion, voice_transfer or watermark_detection, got '" +
                           operation + "'");
  for (const std::string& name : fields.unknown()) request.warnings.push_back(unknown_field(name));
  return request;
}

}  // namespace chatterbox::sidecar

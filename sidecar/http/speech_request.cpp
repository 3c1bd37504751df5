// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/speech_request.h"

#include <glib.h>

#include <algorithm>

#include "chatterbox/error.h"
#include "chatterbox/time_stretch.h"

namespace chatterbox::sidecar {
namespace {

// A name, or an object that holds an id.
void read_voice(JsonObject* body, Fields& fields, VoiceChoice& choice) {
  JsonNode* node = json_object_get_member(body, "voice");
  if (node && JSON_NODE_HOLDS_OBJECT(node)) {
    fields.ignore("voice");
    Fields inner(json_node_get_object(node));
    choice.name = inner.text("id").value_or("");
    if (choice.name.empty())
      throw RequestError("Invalid value for voice",
                         "voice: expected an id in the object, got none");
    return;
  }
  if (const auto name = fields.text("voice"); name && *name != "default") choice.name = *name;
}

bool read_stream_format(Fields& fields) {
  const std::string form = fields.text("stream_format").value_or("audio");
  if (form == "audio" || form == "sse") return form == "sse";
  throw RequestError("Invalid value for stream_format",
                     "stream_format: expected audio or sse, got '" + form + "'");
}

}  // namespace

Speech read_speech(JsonObject* body) {
  Fields fields(body);
  Speech speech;
  speech.model = fields.text("model").value_or("");
  fields.ignore("instructions");
  speech.events = read_stream_format(fields);
  speech.word_times = fields.boolean("word_timestamps").value_or(false);
  speech.request.mode = SpeechMode::kStreaming;
  speech.request.text = fields.text("input").value_or("");
  check_text(speech.request.text);
  read_voice(body, fields, speech.request.voice);
  speech.format = fields.text("response_format").value_or(speech.format);
  speech.request.options.speed = fields.number("speed", SynthesisOptions::kSpeed).value_or(1.0);
  SynthesisOptions& options = speech.request.options;
  options.exaggeration = fields.number("exaggeration", SynthesisOptions::kExaggeration);
  options.cfg_weight = fields.number("cfg_weight", SynthesisOptions::kCfgWeight);
  options.temperature = fields.number("temperature", SynthesisOptions::kTemperature);
  if (const auto language = fields.text("language")) options.language = *language;
  if (const auto seed = fields.integer("seed", 0, G_MAXINT64)) options.seed = std::uint64_t(*seed);
  options.chunk_size = int(fields.integer("chunk_size", 1, 100).value_or(options.chunk_size));
  options.watermark = !fields.boolean("no_watermark").value_or(false);
  return speech;
}

StandardVoices::StandardVoices(const std::string& setting)
    : voices_{{"alloy", "Anna"},     {"ash", "Brian"},     {"ballad", "Christian"},
              {"coral", "Angela"},   {"echo", "Benjamin"}, {"fable", "Alexander"},
              {"nova", "Ashley"},    {"onyx", "Anthony"},  {"sage", "Catherine"},
              {"shimmer", "Brenda"}, {"verse", "Alex"},    {"marin", "Amy"},
              {"cedar", "Andrew"}} {
  gchar** pairs = g_strsplit(setting.c_str(), ",", -1);
  std::string bad;
  for (gchar** pair = pairs; *pair; ++pair) {
    const std::string text = g_strstrip(*pair);
    if (text.empty()) continue;
    const auto equals = text.find('=');
    const auto known = std::find_if(voices_.begin(), voices_.end(), [&](const auto& voice) {
      return voice.first == text.substr(0, equals);
    });
    if (equals == text.npos || known == voices_.end()) {
      bad = text;
      break;
    }
    known->second = text.substr(equals + 1);
  }
  g_strfreev(pairs);
  if (!bad.empty())
    throw Error(ErrorCode::kInvalidArgument,
                "openai-voices: expected a standard name, '=' and a voice, got '" + bad + "'");
}

std::string StandardVoices::ours(const std::string& theirs) const {
  for (const auto& [name, voice] : voices_)
    if (name == theirs) return voice;
  return "";
}

std::vector<std::string> StandardVoices::names() const {
  std::vector<std::string> names;
  for (const auto& [name, voice] : voices_) names.push_back(name);
  return names;
}

}  // namespace chatterbox::sidecar

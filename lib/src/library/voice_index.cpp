// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "library/voice_index.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "json_text.h"
#include "library/voice_name.h"
#include "log.h"

namespace chatterbox {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxTextBytes = 4000;

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kBadFile, what); }

std::string text(const Json& entry, const char* key) {
  const auto value = entry.find(key);
  if (value == entry.end() || value->is_null()) return {};
  if (!value->is_string()) refuse(std::string(key) + ": expected a string");
  auto string = value->get<std::string>();
  if (string.size() > kMaxTextBytes) refuse(std::string(key) + ": expected a shorter string");
  return string;
}

// Provenance may be told in fields of its own: kept as they are written.
std::string free_text(const Json& entry, const char* key) {
  const auto value = entry.find(key);
  if (value == entry.end() || !value->is_structured()) return text(entry, key);
  std::string written = json_text(*value);
  if (written.size() > kMaxTextBytes) refuse(std::string(key) + ": expected less");
  return written;
}

double seconds(const Json& entry) {
  const auto value = entry.find("duration");
  if (value == entry.end() || value->is_null()) return 0;
  if (!value->is_number()) refuse("duration: expected seconds");
  const double seconds = value->get<double>();
  if (!std::isfinite(seconds) || seconds < 0) refuse("duration: expected 0 s or more");
  return seconds;
}

VoiceEntry read_entry(const Json& entry) {
  if (!entry.is_object()) refuse("expected an object");
  VoiceEntry voice;
  voice.id = text(entry, "voice_id");
  if (!is_voice_id(voice.id)) refuse("voice_id: expected 8 hexadecimal digits, got " + voice.id);
  voice.id = lower_ascii(voice.id);
  voice.name = text(entry, "speaker_name");
  check_voice_name(voice.name);
  voice.path = text(entry, "file");
  if (!is_plain_file_name(voice.path))
    refuse("file: expected the name of a file beside the index, got '" + voice.path + "'");
  voice.gender = text(entry, "gender");
  voice.description = text(entry, "description");
  voice.seconds = seconds(entry);
  voice.original_file = text(entry, "original_file");
  voice.type = text(entry, "type");
  voice.provenance = free_text(entry, "provenance");
  voice.created_at = text(entry, "created_at");
  return voice;
}

}  // namespace

std::vector<VoiceEntry> parse_voice_index(std::string_view json, const std::string& origin) {
  const Json index = parse_json_or_discard(json);
  if (index.is_discarded()) refuse(origin + ": expected JSON");
  const auto inside = index.is_object() ? index.find("voices") : index.end();
  const Json& list = inside != index.end() ? *inside : index;
  if (!list.is_array()) refuse(origin + ": expected an object with a list of voices");
  if (list.size() > kMaxIndexVoices)
    refuse(origin + ": expected at most " + std::to_string(kMaxIndexVoices) + " voices, got " +
           std::to_string(list.size()));
  std::vector<VoiceEntry> voices;
  for (std::size_t i = 0; i < list.size(); ++i) {
    try {
      voices.push_back(read_entry(list[i]));
    } catch (const Error& error) {
      log(LogLevel::kWarning,
          origin + ": voice " + std::to_string(i) + " is left out: " + error.what());
    }
  }
  return voices;
}

std::string encode_voice_index(const std::vector<VoiceEntry>& voices) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const VoiceEntry& voice : voices)
    list.push_back({{"voice_id", voice.id},
                    {"speaker_name", voice.name},
                    {"gender", voice.gender},
                    {"description", voice.description},
                    {"duration", voice.seconds},
                    {"original_file", voice.original_file},
                    {"type", voice.type},
                    {"file", voice.path},
                    {"provenance", voice.provenance},
                    {"created_at", voice.created_at}});
  const nlohmann::ordered_json index{{"voices", std::move(list)}};
  // A description may come from anywhere: broken UTF-8 is written as U+FFFD.
  return json_lines(index) + "\n";
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// /v1/audio/voices: the voices of an owner, heard, added, renamed and removed.
#include "ask.h"
#include "audio/audio_decode.h"
#include "audio/base64.h"
#include "chatterbox/audio_file.h"
#include "chatterbox/error.h"
#include "chatterbox/voice_recorder.h"
#include "http/live_answer.h"
#include "http/server.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

constexpr const char* kSampleText = "Hello! This is how I sound when I read a sentence to you.";
constexpr double kLeastSpeech = 3, kMostSeconds = 60;

void write_voice(JsonWriter& json, const VoiceEntry& voice) {
  json.begin_object()
      .field("id", voice.name)
      .field("voice_id", voice.id)
      .field("name", voice.name)
      .field("object", "audio.voice")
      .field("gender", voice.gender)
      .field("description", voice.description)
      .field("duration", voice.seconds)
      .field("created_at", voice.created_at)
      .field("own", voice.own)
      .end_object();
}

std::string voice_json(const VoiceEntry& voice) {
  JsonWriter json;
  write_voice(json, voice);
  return json.take();
}

struct Answer {
  int status = 200;
  std::string body;
};

// Does `work` in a thread in which it keeps nobody waiting, and answers with what it returns.
template <class Work>
void answer_with(Background& thread, Services& services, const Exchange& exchange, Work work) {
  ask(
      thread, std::move(work),
      [&services, exchange](Outcome<Answer>& answer) {
        guard_openai(services, exchange, [&] {
          exchange->drop_body();
          exchange->reply_json(answer.get().status, std::move(answer.get().body));
          return true;
        });
      },
      exchange->owner());
}

OwnedJson read_object(const std::shared_ptr<RequestBody>& sent) {
  OwnedJson body = parse_json(sent->take());
  if (!JSON_NODE_HOLDS_OBJECT(body.get()))
    throw RequestError("Bad request", "body: expected an object, got " + describe(body.get()));
  return body;
}

// Library errors that are about what was asked for.
[[noreturn]] void tell(const Error& error) {
  if (error.code() == ErrorCode::kInvalidArgument)
    throw RequestError("Voice cannot be changed", error.what());
  throw error;
}

VoiceEntry own_voice(const VoiceLibrary& library, const std::string& name) {
  const VoiceEntry voice = library.find(name);
  if (!voice.own)
    throw RequestError("Voice cannot be changed", "expected a voice of one's own, got '" +
                                                      voice.name + "', which is installed");
  return voice;
}

Answer add_voice(Voices& voices, const std::string& owner, JsonObject* body) {
  Fields fields(body);
  NewVoice voice;
  voice.name = fields.text("name").value_or("");
  check_new_voice_name(voice.name);
  voice.description = description_field(fields, "description");
  voice.gender = fields.text("gender").value_or("");
  if (!voice.gender.empty() && voice.gender != "female" && voice.gender != "male")
    throw RequestError("Invalid value for gender",
                       "gender: expected female, male or nothing, got '" + voice.gender + "'");
  voices.check_room(owner);
  voice.provenance = "added over HTTP";
  const std::string recording = decode_base64(fields.text("audio").value_or(""));
  if (recording.empty())
    throw RequestError("audio is required", "audio: expected a recording in base64, got nothing");
  DecodeLimits limits;
  limits.seconds = kMostSeconds;
  limits.cut = true;
  const Audio audio = decode_upload("audio", recording, limits, {});
  check_recording("audio", audio, kLeastSpeech);
  try {
    const VoiceEntry added = voices.library(owner).add(voice, audio);
    voices.added(owner, added);
    return {201, voice_json(added)};
  } catch (const Error& error) {
    tell(error);
  }
}

// The recording stays, under another name and so another id.
Answer rename_voice(Voices& voices, const std::string& owner, const std::string& name,
                    JsonObject* body) {
  Fields fields(body);
  VoiceLibrary own = voices.library(owner);
  const VoiceEntry old = own_voice(own, name);
  NewVoice voice;
  voice.name = fields.text("name").value_or(old.name);
  voice.description =
      fields.has("description") ? description_field(fields, "description") : old.description;
  voice.gender = old.gender;
  voice.original_file = old.original_file;
  voice.provenance = old.provenance;
  check_new_voice_name(voice.name);
  try {
    const Audio audio = read_audio_file(old.path);
    const bool same = voice.name == old.name;
    VoiceEntry renamed = own.add(voice, audio, same);
    voices.added(owner, renamed, same);
    if (!same) voices.remove(owner, old);
    return {200, voice_json(renamed)};
  } catch (const Error& error) {
    tell(error);
  }
}

Answer unknown_voice(const std::string& name) {
  return {404, openai_error("Voice '" + name.substr(0, 100) + "' not found in any library",
                            "invalid_request_error", "voice_not_found")};
}

Answer remove_voice(Voices& voices, const std::string& owner, const std::string& name) {
  const VoiceEntry voice = own_voice(voices.library(owner), name);
  voices.remove(owner, voice);
  JsonWriter json;
  json.begin_object().field("id", voice.name).field("object", "audio.voice").field("deleted", true);
  return {200, json.end_object().take()};
}

void speak_preview(Services& services, const Exchange& exchange, const std::string& model) {
  Speech speech;
  speech.request.mode = SpeechMode::kStreaming;
  speech.request.text = kSampleText;
  speech.request.voice.name = exchange->parameter(0);
  speech.request.options.seed = 1;
  speech.format = "wav";
  speech.model = model;
  if (LiveAnswer::begin(services, exchange, std::move(speech))) return;
  add_retry_after(services, exchange);
  exchange->reply_json(429, openai_error("too many speech requests wait; try again later",
                                         "invalid_request_error", "rate_limit_exceeded"));
}

}  // namespace

void handle_voices(Services& services, const Exchange& exchange) {
  answer_with(services.small_requests, services, exchange,
              [library = services.voices.library(exchange->owner())] {
                JsonWriter json;
                json.begin_object().field("object", "list").key("voices").begin_array();
                for (const VoiceEntry& voice : library.list()) write_voice(json, voice);
                return Answer{200, json.end_array().end_object().take()};
              });
}

void handle_voice_add(Services& services, const Exchange& exchange) {
  answer_with(services.voice_changes, services, exchange,
              [&services, owner = exchange->owner(), sent = exchange->body()] {
                const OwnedJson body = read_object(sent);
                return add_voice(services.voices, owner, json_node_get_object(body.get()));
              });
}

void handle_voice_rename(Services& services, const Exchange& exchange) {
  answer_with(services.voice_changes, services, exchange,
              [&services, owner = exchange->owner(), name = exchange->parameter(0),
               sent = exchange->body()] {
                if (!services.voices.library(owner).contains(name)) return unknown_voice(name);
                const OwnedJson body = read_object(sent);
                return rename_voice(services.voices, owner, name, json_node_get_object(body.get()));
              });
}

void handle_voice_remove(Services& services, const Exchange& exchange) {
  answer_with(services.voice_changes, services, exchange,
              [&services, owner = exchange->owner(), name = exchange->parameter(0)] {
                return services.voices.library(owner).contains(name)
                           ? remove_voice(services.voices, owner, name)
                           : unknown_voice(name);
              });
}

void handle_voice_preview(Services& services, const Exchange& exchange) {
  const std::string asked = exchange->query("model"), model = services.models.resolve(asked);
  if (model.empty())
    return exchange->reply_json(404, openai_error("model: " + services.models.unknown(asked),
                                                  "invalid_request_error", "model_not_found"));
  // Libraries are looked through where nobody waits for the disk.
  ask(
      services.small_requests,
      [name = exchange->parameter(0), library = services.voices.library(exchange->owner())] {
        return library.contains(name);
      },
      [&services, model, exchange](Outcome<bool>& known) {
        guard_openai(services, exchange, [&] {
          if (known.get()) {
            speak_preview(services, exchange, model);
          } else {
            Answer answer = unknown_voice(exchange->parameter(0));
            exchange->reply_json(answer.status, std::move(answer.body));
          }
          return true;
        });
      },
      exchange->owner());
}

}  // namespace chatterbox::sidecar

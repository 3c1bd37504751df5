// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// /v1/audio/speech, as OpenAI's clients expect it. The audio leaves while it is made.
#include "ask.h"
#include "audio/audio_encode.h"
#include "descriptors.h"
#include "http/live_answer.h"
#include "http/server.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

void refuse(const Exchange& exchange, int status, const std::string& message,
            const std::string& code) {
  exchange->reply_json(status, openai_error(message, "invalid_request_error", code));
}

// A request that was read, or why it is refused.
struct Read {
  Speech speech;
  int status = 0;
  std::string message, code;

  void refuse(int with, std::string why, std::string word) {
    status = with;
    message = std::move(why);
    code = std::move(word);
  }
};

// The name that is meant: one of the owner's voices, or what stands for one of OpenAI's names.
void find_voice(Services& services, const std::string& owner, Read& read) {
  VoiceChoice& voice = read.speech.request.voice;
  if (voice.name.empty()) return;
  const VoiceLibrary library = services.voices.library(owner);
  if (library.contains(voice.name)) return;
  if (descriptors_exhausted())
    return read.refuse(503, "too many files are open; try again later", "busy");
  const std::string standard = services.standard_voices.ours(voice.name);
  if (standard.empty())
    return read.refuse(404, "Voice '" + voice.name + "' not found in any library",
                       "voice_not_found");
  // Clients at their defaults are heard also where no voices are installed.
  voice.name = library.contains(standard) ? standard : "";
}

// The model by its own name.
void find_model(Services& services, Read& read) {
  const std::string asked = read.speech.model;
  read.speech.model = services.models.resolve(asked);
  if (read.speech.model.empty())
    read.refuse(404, "model: " + services.models.unknown(asked), "model_not_found");
}

void begin(Services& services, const Exchange& exchange, Read& read) {
  if (read.status == 503) exchange->add_header("Retry-After", "1");
  if (read.status) return refuse(exchange, read.status, read.message, read.code);
  if (LiveAnswer::begin(services, exchange, std::move(read.speech))) return;
  add_retry_after(services, exchange);
  refuse(exchange, 429, "too many speech requests wait; try again later", "rate_limit_exceeded");
}

Speech read_body(std::string_view text) {
  const OwnedJson body = parse_json(text);
  if (!JSON_NODE_HOLDS_OBJECT(body.get()))
    throw RequestError("Bad request", "body: expected an object, got " + describe(body.get()));
  return read_speech(json_node_get_object(body.get()));
}

Read read_request(Services& services, const std::string& owner, std::string_view text) {
  Read read{read_body(text)};
  // An unknown format is told before anyone waits for it.
  if (content_type(read.speech.format) == "application/octet-stream")
    make_encoder(read.speech.format, kOutputRateHz, std::nullopt);
  find_voice(services, owner, read);
  if (!read.status) find_model(services, read);
  return read;
}

// Reads the request where nobody waits for it: `take` gives its JSON.
template <class Take>
void read_and_begin(Services& services, const Exchange& exchange, Take take) {
  if (services.draining) return refuse(exchange, 503, "the server is about to end", "stopping");
  ask(
      services.small_requests,
      [&services, take = std::move(take), owner = exchange->owner()] {
        return read_request(services, owner, take());
      },
      [&services, exchange](Outcome<Read>& read) {
        guard_openai(services, exchange, [&] {
          exchange->drop_body();
          // Ranges of one address are parts of one answer: made again, it is the same.
          SpeechRequest& request = read.get().speech.request;
          const std::string said = request.voice.name + "\n" + request.text;
          if (exchange->wants_range()) request.options.seed = g_str_hash(said.c_str());
          begin(services, exchange, read.get());
          return true;
        });
      },
      exchange->owner());
}

}  // namespace

std::string openai_error(const std::string& message, const char* type, const std::string& code) {
  JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.field("message", in_short(message))
      .field("type", type)
      .key("param")
      .null()
      .field("code", code);
  return json.end_object().end_object().take();
}

void handle_speech(Services& services, const Exchange& exchange) {
  read_and_begin(services, exchange, [body = exchange->body()] { return body->take(); });
}

// An <audio> element sends GET.
void handle_speech_query(Services& services, const Exchange& exchange) {
  JsonWriter json;
  json.begin_object();
  for (const char* name : {"input", "voice", "response_format", "model", "language"})
    if (const std::string value = exchange->query(name); !value.empty()) json.field(name, value);
  read_and_begin(services, exchange, [text = json.end_object().take()] { return text; });
}

}  // namespace chatterbox::sidecar

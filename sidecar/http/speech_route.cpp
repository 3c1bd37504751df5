// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// /v1/audio/speech, as OpenAI's clients expect it. The audio leaves while it is made.
#include "audio/audio_encode.h"
#include "descriptors.h"
#include "http/live_answer.h"
#include "http/server.h"
#include "main_loop.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

void refuse(const Exchange& exchange, int status, const std::string& message,
            const std::string& code) {
  exchange->reply_json(status, openai_error(message, "invalid_request_error", code));
}

// The name that is meant: one of the owner's voices, or what stands for one of OpenAI's names.
// False when there is none, and the client has been told.
bool find_voice(Services& services, const Exchange& exchange, VoiceChoice& voice) {
  if (voice.name.empty()) return true;
  const VoiceLibrary library = services.voices.library(exchange->owner());
  if (library.contains(voice.name)) return true;
  if (descriptors_exhausted()) {
    exchange->add_header("Retry-After", "1");
    refuse(exchange, 503, "too many files are open; try again later", "busy");
    return false;
  }
  const std::string standard = services.standard_voices.ours(voice.name);
  if (!standard.empty()) {
    // Clients at their defaults are heard also where no voices are installed.
    voice.name = library.contains(standard) ? standard : "";
    return true;
  }
  refuse(exchange, 404, "Voice '" + voice.name + "' not found in any library", "voice_not_found");
  return false;
}

void begin(Services& services, const Exchange& exchange, Speech speech) {
  // An unknown format is told before anyone waits for it.
  if (content_type(speech.format) == "application/octet-stream")
    make_encoder(speech.format, kOutputRateHz, std::nullopt);
  if (!find_voice(services, exchange, speech.request.voice)) return;
  if (LiveAnswer::begin(services, exchange, std::move(speech))) return;
  add_retry_after(services, exchange);
  refuse(exchange, 429, "too many speech requests wait; try again later", "rate_limit_exceeded");
}

Speech read_body(std::string_view text) {
  const OwnedJson body = parse_json(text);
  if (!JSON_NODE_HOLDS_OBJECT(body.get()))
    throw RequestError("Bad request", "body: expected an object, got " + describe(body.get()));
  return read_speech(json_node_get_object(body.get()));
}

}  // namespace

std::string openai_error(const std::string& message, const char* type, const std::string& code) {
  JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.field("message", message).field("type", type).key("param").null().field("code", code);
  return json.end_object().end_object().take();
}

void handle_speech(Services& services, const Exchange& exchange) {
  if (services.draining) return refuse(exchange, 503, "the server is about to end", "stopping");
  struct Read {
    Speech speech;
    std::exception_ptr failure;
  };
  services.small_requests.run([&services, body = exchange->body(), exchange = exchange]() mutable {
    auto read = std::make_shared<Read>();
    try {
      read->speech = read_body(body->take());
    } catch (...) {
      read->failure = std::current_exception();
    }
    body.reset();
    post([&services, read, exchange = std::move(exchange)] {
      guard_openai(services, exchange, [&] {
        exchange->drop_body();
        if (read->failure) std::rethrow_exception(read->failure);
        begin(services, exchange, std::move(read->speech));
        return true;
      });
    });
  });
}

// GET is what an <audio> element sends.
void handle_speech_query(Services& services, const Exchange& exchange) {
  if (services.draining) return refuse(exchange, 503, "the server is about to end", "stopping");
  JsonWriter json;
  json.begin_object();
  for (const char* name : {"input", "voice", "response_format", "model"})
    if (const std::string value = exchange->query(name); !value.empty()) json.field(name, value);
  Speech speech = read_body(json.end_object().take());
  // Ranges of one address are parts of one answer: made again, it is the same.
  const std::string said = speech.request.voice.name + "\n" + speech.request.text;
  if (exchange->wants_range()) speech.request.options.seed = g_str_hash(said.c_str());
  begin(services, exchange, std::move(speech));
}

}  // namespace chatterbox::sidecar

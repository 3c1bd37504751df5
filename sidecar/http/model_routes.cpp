// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// /v1/models, as OpenAI's clients expect it.
#include <algorithm>
#include <array>

#include "http/server.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

// What clients ask for at their defaults is ours by another name.
constexpr std::array kNames{"chatterbox", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"};

std::string model_json(const std::string& name) {
  JsonWriter model;
  return model.begin_object()
      .field("id", name)
      .field("object", "model")
      .field("created", 1735689600)
      .field("owned_by", "gst-chatterbox")
      .end_object()
      .take();
}

}  // namespace

void handle_models(Services&, const Exchange& exchange) {
  JsonWriter json;
  json.begin_object().field("object", "list").key("data").begin_array();
  for (const char* name : kNames) json.raw(model_json(name));
  exchange->reply_json(200, json.end_array().end_object().take());
}

// The same for clients that look here for models that speak.
void handle_audio_models(Services&, const Exchange& exchange) {
  JsonWriter json;
  json.begin_object().key("models").begin_array();
  for (const char* name : kNames)
    json.begin_object().field("id", name).field("name", name).end_object();
  exchange->reply_json(200, json.end_array().end_object().take());
}

void handle_model(Services&, const Exchange& exchange) {
  const std::string name = exchange->parameter(0);
  if (std::find(kNames.begin(), kNames.end(), name) != kNames.end())
    return exchange->reply_json(200, model_json(name));
  exchange->reply_json(
      404, openai_error("expected a model of /v1/models, got '" + name.substr(0, 100) + "'",
                        "invalid_request_error", "model_not_found"));
}

}  // namespace chatterbox::sidecar

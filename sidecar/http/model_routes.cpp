// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// /v1/models, as OpenAI's clients expect it, with what each model speaks; and a way to give one
// back.
#include "ask.h"
#include "http/server.h"
#include "operations/json.h"
#include "operations/operations.h"

namespace chatterbox::sidecar {
namespace {

// A model by one of its names: what clients ask for at their defaults is ours by another name.
struct NamedModel {
  std::string name;
  ModelView view;
};

std::vector<NamedModel> named_models(const Models& models) {
  std::vector<NamedModel> all;
  const std::vector<ModelView> views = models.list();
  for (const ModelView& view : views) all.push_back({view.name, view});
  for (const std::string& alias : Models::aliases()) all.push_back({alias, views.front()});
  return all;
}

void write_model(JsonWriter& json, const NamedModel& model) {
  json.field("family", model.view.facts.family).field("loaded", model.view.loaded);
  if (model.name != model.view.name) json.field("alias_of", model.view.name);
  write_facts(json, model.view.facts);
}

std::string model_json(const NamedModel& model) {
  JsonWriter json;
  json.begin_object()
      .field("id", model.name)
      .field("object", "model")
      .field("created", 1735689600)
      .field("owned_by", "gst-chatterbox");
  write_model(json, model);
  return json.end_object().take();
}

void reply_unknown_model(Services& services, const Exchange& exchange, const std::string& name) {
  exchange->reply_json(404, openai_error("model: " + services.models.unknown(name),
                                         "invalid_request_error", "model_not_found"));
}

}  // namespace

void handle_models(Services& services, const Exchange& exchange) {
  JsonWriter json;
  json.begin_object().field("object", "list").key("data").begin_array();
  for (const NamedModel& model : named_models(services.models)) json.raw(model_json(model));
  exchange->reply_json(200, json.end_array().end_object().take());
}

// The same for clients that look here for models that speak.
void handle_audio_models(Services& services, const Exchange& exchange) {
  JsonWriter json;
  json.begin_object().key("models").begin_array();
  for (const NamedModel& model : named_models(services.models)) {
    json.begin_object().field("id", model.name).field("name", model.name);
    write_model(json, model);
    json.end_object();
  }
  exchange->reply_json(200, json.end_array().end_object().take());
}

void handle_model(Services& services, const Exchange& exchange) {
  const std::string name = exchange->parameter(0);
  for (const NamedModel& model : named_models(services.models))
    if (model.name == name) return exchange->reply_json(200, model_json(model));
  reply_unknown_model(services, exchange, name);
}

// A model in use stays: unloading it would free no memory.
void handle_model_unload(Services& services, const Exchange& exchange) {
  const std::string asked = exchange->parameter(0);
  if (!services.models.knows(asked)) return reply_unknown_model(services, exchange, asked);
  const std::string name = services.models.resolve(asked);
  // A large model takes a while to leave.
  ask(
      services.large_requests, [&services, name] { return services.models.unload(name); },
      [&services, name, exchange](Outcome<bool>& gone) {
        guard_openai(services, exchange, [&] {
          if (gone.get()) {
            JsonWriter json;
            json.begin_object().field("id", name).field("object", "model").field("loaded", false);
            exchange->reply_json(200, json.end_object().take());
          } else {
            exchange->reply_json(409, openai_error("expected a model that nobody uses, got '" +
                                                       name + "', which is at work",
                                                   "invalid_request_error", "model_busy"));
          }
          return true;
        });
      },
      exchange->owner());
}

}  // namespace chatterbox::sidecar

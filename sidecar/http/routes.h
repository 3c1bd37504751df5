// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/http_exchange.h"

namespace chatterbox::sidecar {

struct Services;

enum class RouteAccess {
  kOwner,    // a key, if there are any
  kPublic,   // everybody
  kMeasure,  // whoever may see figures of all owners
};
// Largest body: a megabyte, or as the settings say.
enum class RouteBody { kSmall, kRun, kRunSync };

// One address that is served.
struct Route {
  const char* method;
  // Parts between slashes; "{}" takes any one.
  const char* pattern;
  void (*handler)(Services& services, const Exchange& exchange);
  // Name of the requests in /metrics.
  const char* metric;
  RouteAccess access = RouteAccess::kOwner;
  RouteBody body = RouteBody::kSmall;
};

struct RouteMatch {
  // Null: no such route, or not by that method.
  const Route* route = nullptr;
  std::vector<std::string> parameters;
  // Methods of the routes with that pattern, as for the header "Allow"; empty: no such route.
  std::string allowed;
};

RouteMatch find_route(const std::string& method, const char* path);

// Calls the handler. Whatever it throws becomes an answer.
void call_route(const Route& route, Services& services, const Exchange& exchange);
// The same for what a handler does later; returns what `action` does, or true.
bool guarded(Services& services, const Exchange& exchange, bool openai,
             const std::function<bool()>& action) noexcept;
// By reference, which takes no memory: nothing throws before it is guarded.
template <class Action>
bool guard(Services& services, const Exchange& exchange, Action&& action) {
  return guarded(services, exchange, false, std::ref(action));
}
template <class Action>
bool guard_openai(Services& services, const Exchange& exchange, Action&& action) {
  return guarded(services, exchange, true, std::ref(action));
}

// Handlers; each answers, or keeps the exchange to answer later.
void handle_run(Services& services, const Exchange& exchange);
void handle_runsync(Services& services, const Exchange& exchange);
void handle_status(Services& services, const Exchange& exchange);
void handle_status_sync(Services& services, const Exchange& exchange);
void handle_stream(Services& services, const Exchange& exchange);
void handle_cancel(Services& services, const Exchange& exchange);
void handle_retry(Services& services, const Exchange& exchange);
void handle_purge(Services& services, const Exchange& exchange);
void handle_health(Services& services, const Exchange& exchange);
void handle_metrics(Services& services, const Exchange& exchange);
void handle_ping(Services& services, const Exchange& exchange);
void handle_page(Services& services, const Exchange& exchange);
void handle_page_file(Services& services, const Exchange& exchange);
void handle_speech(Services& services, const Exchange& exchange);
void handle_speech_query(Services& services, const Exchange& exchange);
void handle_models(Services& services, const Exchange& exchange);
void handle_model(Services& services, const Exchange& exchange);
void handle_model_unload(Services& services, const Exchange& exchange);
void handle_audio_models(Services& services, const Exchange& exchange);
void handle_voices(Services& services, const Exchange& exchange);
void handle_voice_add(Services& services, const Exchange& exchange);
void handle_voice_rename(Services& services, const Exchange& exchange);
void handle_voice_remove(Services& services, const Exchange& exchange);
void handle_voice_preview(Services& services, const Exchange& exchange);

}  // namespace chatterbox::sidecar

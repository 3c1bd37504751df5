// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/routes.h"

#include "barrier.h"
#include "chatterbox/error.h"
#include "http/server.h"
#include "jobs/storage_error.h"
#include "log.h"
#include "operations/fields.h"

namespace chatterbox::sidecar {
namespace {

using enum RouteAccess;
using enum RouteBody;

const std::vector<Route>& routes() {
  static const std::vector<Route> all{
      {"GET", "/", handle_page, "page", kPublic},
      {"HEAD", "/", handle_page, "page", kPublic},
      {"GET", "/page/{}", handle_page_file, "page", kPublic},
      {"GET", "/ping", handle_ping, "ping", kPublic},
      {"HEAD", "/ping", handle_ping, "ping", kPublic},
      {"POST", "/run", handle_run, "run", kOwner, kRun},
      {"POST", "/runsync", handle_runsync, "runsync", kOwner, kRunSync},
      {"GET", "/status/{}", handle_status, "status"},
      {"POST", "/status/{}", handle_status, "status"},
      {"GET", "/status-sync/{}", handle_status_sync, "status-sync"},
      {"POST", "/status-sync/{}", handle_status_sync, "status-sync"},
      {"GET", "/stream/{}", handle_stream, "stream"},
      {"POST", "/stream/{}", handle_stream, "stream"},
      {"POST", "/cancel/{}", handle_cancel, "cancel"},
      {"POST", "/retry/{}", handle_retry, "retry"},
      {"POST", "/purge-queue", handle_purge, "purge-queue"},
      {"GET", "/health", handle_health, "health"},
      {"HEAD", "/health", handle_health, "health"},
      {"POST", "/health", handle_health, "health"},
      {"GET", "/metrics", handle_metrics, "metrics", kMeasure},
      {"HEAD", "/metrics", handle_metrics, "metrics", kMeasure},
      {"POST", "/v1/audio/speech", handle_speech, "speech"},
      {"GET", "/v1/audio/speech", handle_speech_query, "speech"},
      {"GET", "/v1/models", handle_models, "models"},
      {"GET", "/v1/models/{}", handle_model, "models"},
      {"POST", "/v1/models/{}/unload", handle_model_unload, "models", kMeasure},
      {"GET", "/v1/audio/models", handle_audio_models, "models"},
      {"GET", "/v1/audio/voices", handle_voices, "voices"},
      {"POST", "/v1/audio/voices", handle_voice_add, "voices", kOwner, kRun},
      {"PATCH", "/v1/audio/voices/{}", handle_voice_rename, "voices"},
      {"DELETE", "/v1/audio/voices/{}", handle_voice_remove, "voices"},
      {"GET", "/v1/audio/voices/{}/preview", handle_voice_preview, "speech"},
  };
  return all;
}

bool fits(const char* pattern, const std::vector<std::string>& parts,
          std::vector<std::string>& parameters) {
  const std::vector<std::string> wanted = path_parts(pattern);
  if (wanted.size() != parts.size()) return false;
  parameters.clear();
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (wanted[i] == "{}")
      parameters.push_back(parts[i]);
    else if (wanted[i] != parts[i])
      return false;
  return true;
}

// OpenAI's clients read errors of another shape.
void reply_failure(const Exchange& exchange, bool openai, int status, const std::string& error,
                   const std::string& detail) {
  if (openai)
    exchange->reply_json(
        status,
        openai_error(detail, status < 500 ? "invalid_request_error" : "server_error", error));
  else
    exchange->reply_error(status, error, detail);
}

// Inside a handler of exceptions: what was thrown becomes an answer.
void reply_exception(Services& services, const Exchange& exchange, bool openai) {
  try {
    throw;
  } catch (const StorageError& error) {
    log(Level::kWarning, std::string("storage: ") + error.what());
    add_retry_after(services, exchange);
    reply_failure(exchange, openai, 503, "Storage unavailable", "try again later");
  } catch (const RequestError& error) {
    reply_failure(exchange, openai, 400, error.what(), error.detail());
  } catch (const Error& error) {
    const bool theirs = error.code() == ErrorCode::kInvalidArgument;
    reply_failure(exchange, openai, theirs ? 400 : 500, theirs ? "Bad request" : "Internal error",
                  error.what());
  } catch (const std::exception& error) {
    log(Level::kWarning, std::string("a request failed: ") + error.what());
    reply_failure(exchange, openai, 500, "Internal error", error.what());
  }
}

}  // namespace

RouteMatch find_route(const std::string& method, const char* path) {
  RouteMatch match;
  const std::vector<std::string> parts = path_parts(path);
  std::vector<std::string> parameters;
  for (const Route& route : routes()) {
    if (!fits(route.pattern, parts, parameters)) continue;
    match.allowed += (match.allowed.empty() ? "" : ", ") + std::string(route.method);
    if (method != route.method || match.route) continue;
    match.route = &route;
    match.parameters = parameters;
  }
  return match;
}

bool guarded(Services& services, const Exchange& exchange, bool openai,
             const std::function<bool()>& action) noexcept {
  try {
    return action();
  } catch (...) {
    try {
      reply_exception(services, exchange, openai);
    } catch (...) {
      log_exception("a request");
      exchange->give_up();
    }
  }
  return true;
}

void call_route(const Route& route, Services& services, const Exchange& exchange) {
  exchange->set_route(route.metric);
  const auto handle = [&] {
    route.handler(services, exchange);
    return true;
  };
  guarded(services, exchange, std::string_view(route.pattern).starts_with("/v1/"),
          std::ref(handle));
}

}  // namespace chatterbox::sidecar

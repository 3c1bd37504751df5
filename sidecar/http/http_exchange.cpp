// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/http_exchange.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "http/upload_budget.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

std::vector<std::string> split(const char* path) {
  std::vector<std::string> parts;
  for (const char* at = path; *at;) {
    const std::size_t length = std::strcspn(at, "/");
    if (length > 0) parts.emplace_back(at, length);
    at += length + (at[length] == '/' ? 1 : 0);
  }
  // RunPod's addresses name an endpoint; here each is this server.
  if (parts.size() >= 2 && parts[0] == "v2") parts.erase(parts.begin(), parts.begin() + 2);
  return parts;
}

}  // namespace

std::string error_json(const std::string& error, const std::string& message) {
  JsonWriter json;
  return json.begin_object().field("error", error).field("message", message).end_object().take();
}

HttpExchange::HttpExchange(SoupServerMessage* message, const char* path, GHashTable* query,
                           Metrics& metrics)
    : message_(SOUP_SERVER_MESSAGE(g_object_ref(message))),
      metrics_(metrics),
      method_(soup_server_message_get_method(message)),
      path_(split(path)),
      began_us_(g_get_monotonic_time()) {
  if (!query) return;
  GHashTableIter at;
  gpointer name, value;
  g_hash_table_iter_init(&at, query);
  while (g_hash_table_iter_next(&at, &name, &value))
    if (name && value) query_[static_cast<char*>(name)] = static_cast<char*>(value);
}

HttpExchange::~HttpExchange() {
  if (streaming_ && !answered_) end_stream();
  if (!answered_) reply_error(500, "Internal error", "the request was left without an answer");
  g_signal_handlers_disconnect_by_data(message_, this);
  g_object_unref(message_);
}

std::string HttpExchange::query(const char* name) const {
  const auto found = query_.find(name);
  return found == query_.end() ? "" : found->second;
}

std::int64_t HttpExchange::query_number(const char* name, std::int64_t fallback, std::int64_t low,
                                        std::int64_t high) const {
  const std::string text = query(name);
  gchar* end = nullptr;
  const gint64 value = g_ascii_strtoll(text.c_str(), &end, 10);
  return std::clamp<std::int64_t>(text.empty() || *end ? fallback : value, low, high);
}

std::string HttpExchange::client() const {
  const auto key = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(message_), "key-number"));
  if (key > 0) return "key " + std::to_string(key);
  const char* host = soup_server_message_get_remote_host(message_);
  return host ? host : "";
}

std::string HttpExchange::header(const char* name) const {
  const char* value =
      soup_message_headers_get_one(soup_server_message_get_request_headers(message_), name);
  return value ? value : "";
}

std::shared_ptr<GBytes> HttpExchange::body() const {
  return {soup_message_body_flatten(soup_server_message_get_request_body(message_)), g_bytes_unref};
}

void HttpExchange::drop_body() {
  soup_message_body_truncate(soup_server_message_get_request_body(message_));
  UploadBudget::release(message_);
}

void HttpExchange::add_header(const char* name, const std::string& value) {
  soup_message_headers_replace(soup_server_message_get_response_headers(message_), name,
                               value.c_str());
}

void HttpExchange::reply(int status, const char* content_type, std::string body) {
  if (answered_) return;
  answered_ = true;
  metrics_.count_request(route_, status);
  if (route_ == "run")
    metrics_.observe_acknowledgement(double(g_get_monotonic_time() - began_us_) / 1e6);
  add_header("Cache-Control", "no-store");
  add_header("X-Content-Type-Options", "nosniff");
  soup_message_headers_set_content_type(soup_server_message_get_response_headers(message_),
                                        content_type, nullptr);
  if (!body.empty()) {
    // The string lives as long as libsoup writes from it.
    auto* held = new std::string(std::move(body));
    GBytes* bytes = g_bytes_new_with_free_func(
        held->data(), held->size(), [](gpointer data) { delete static_cast<std::string*>(data); },
        held);
    soup_message_body_append_bytes(soup_server_message_get_response_body(message_), bytes);
    g_bytes_unref(bytes);
  }
  soup_server_message_set_status(message_, guint(status), nullptr);
  resume();
}

void HttpExchange::reply_error(int status, const std::string& error, const std::string& message) {
  reply_json(status, error_json(error, message));
}

void HttpExchange::begin_stream(const char* content_type, std::function<void()> closed) {
  streaming_ = true;
  on_closed_ = std::move(closed);
  metrics_.count_request(route_, 200);
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message_);
  // HTTP/1.0 knows no chunks: there the end of the connection is the end.
  const bool old = soup_server_message_get_http_version(message_) == SOUP_HTTP_1_0;
  soup_message_headers_set_encoding(headers, old ? SOUP_ENCODING_EOF : SOUP_ENCODING_CHUNKED);
  soup_message_headers_set_content_type(headers, content_type, nullptr);
  add_header("Cache-Control", "no-store");
  add_header("X-Content-Type-Options", "nosniff");
  soup_message_body_set_accumulate(soup_server_message_get_response_body(message_), FALSE);
  soup_server_message_set_status(message_, 200, nullptr);
  g_signal_connect(message_, "wrote-chunk", G_CALLBACK(on_wrote_chunk), this);
  g_signal_connect(message_, "finished", G_CALLBACK(on_finished), this);
  resume();
}

void HttpExchange::send_piece(std::string bytes) {
  if (closed_ || answered_ || bytes.empty()) return;
  sent_ += bytes.size();
  pieces_.push_back(bytes.size());
  soup_message_body_append(soup_server_message_get_response_body(message_), SOUP_MEMORY_COPY,
                           bytes.data(), bytes.size());
  soup_server_message_unpause(message_);
}

void HttpExchange::end_stream() {
  if (answered_) return;
  answered_ = true;
  if (closed_) return;
  soup_message_body_complete(soup_server_message_get_response_body(message_));
  soup_server_message_unpause(message_);
}

void HttpExchange::abort_stream() {
  if (answered_) return;
  answered_ = true;
  if (closed_) return;
  if (GSocket* socket = soup_server_message_get_socket(message_))
    g_socket_shutdown(socket, TRUE, TRUE, nullptr);
  soup_server_message_unpause(message_);
}

bool HttpExchange::client_left() const {
  GSocket* socket = soup_server_message_get_socket(message_);
  char byte = 0;
  return !socket || recv(g_socket_get_fd(socket), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void HttpExchange::hold() {
  if (answered_ || streaming_ || held_) return;
  held_ = true;
  soup_server_message_pause(message_);
}

void HttpExchange::resume() {
  if (!held_) return;
  held_ = false;
  soup_server_message_unpause(message_);
}

void HttpExchange::on_wrote_chunk(SoupServerMessage*, gpointer data) {
  auto* self = static_cast<HttpExchange*>(data);
  if (self->pieces_written_ < self->pieces_.size())
    self->written_ += self->pieces_[self->pieces_written_++];
  if (self->on_written_) self->on_written_();
}

void HttpExchange::on_finished(SoupServerMessage*, gpointer data) {
  auto* self = static_cast<HttpExchange*>(data);
  self->closed_ = true;
  if (self->on_closed_) self->on_closed_();
}

}  // namespace chatterbox::sidecar

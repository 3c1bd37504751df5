// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/http_exchange.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "barrier.h"
#include "http/connections.h"
#include "operations/json.h"

namespace chatterbox::sidecar {
namespace {

// Up to this an answer is not counted with all the others.
constexpr std::size_t kSmallAnswer = 64 << 10;

std::string text_data(SoupServerMessage* message, const char* name) {
  const auto* text = static_cast<const char*>(g_object_get_data(G_OBJECT(message), name));
  return text ? text : "";
}

}  // namespace

std::vector<std::string> path_parts(const char* path) {
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

std::string error_json(const std::string& error, const std::string& message) {
  JsonWriter json;
  return json.begin_object().field("error", error).field("message", message).end_object().take();
}

void give_up(SoupServerMessage* message) noexcept {
  if (soup_server_message_get_status(message) != 0) return Connections::close_of(message);
  static constexpr char kFailed[] =
      R"({"error":"Internal error","message":"the request could not be carried out"})";
  soup_message_headers_set_content_type(soup_server_message_get_response_headers(message),
                                        "application/json", nullptr);
  soup_message_body_append(soup_server_message_get_response_body(message), SOUP_MEMORY_STATIC,
                           kFailed, sizeof kFailed - 1);
  soup_server_message_set_status(message, 500, nullptr);
}

Exchange HttpExchange::begin(SoupServerMessage* message, GHashTable* query, Metrics& metrics,
                             Budgets& budgets) {
  return Exchange(new HttpExchange(message, query, metrics, budgets), [](HttpExchange* done) {
    if (g_main_context_is_owner(nullptr)) {
      delete done;
      return;
    }
    g_idle_add_full(G_PRIORITY_DEFAULT, for_c([](gpointer data) -> gboolean {
                      delete static_cast<HttpExchange*>(data);
                      return G_SOURCE_REMOVE;
                    }),
                    done, nullptr);
  });
}

HttpExchange::HttpExchange(SoupServerMessage* message, GHashTable* query, Metrics& metrics,
                           Budgets& budgets)
    : message_(message),
      metrics_(metrics),
      budgets_(budgets),
      method_(soup_server_message_get_method(message)),
      owner_(text_data(message, kOwnerData)),
      began_us_(g_get_monotonic_time()) {
  if (query) read_query(query);
  // Given back by the destructor, which there is only when nothing above has failed.
  g_object_ref(message_);
}

void HttpExchange::read_query(GHashTable* query) {
  GHashTableIter at;
  gpointer name, value;
  g_hash_table_iter_init(&at, query);
  while (g_hash_table_iter_next(&at, &name, &value))
    if (name && value) query_[static_cast<char*>(name)] = static_cast<char*>(value);
}

HttpExchange::~HttpExchange() {
  // A stream that nobody ended is not whole.
  if (streaming_ && !answered_) abort_stream();
  if (!answered_)
    run_guarded("an answer", [this] {
      reply_error(500, "Internal error", "the request was left without an answer");
    });
  give_up();
  g_signal_handlers_disconnect_by_data(message_, this);
  g_object_unref(message_);
}

std::string HttpExchange::endpoint() const {
  GUri* uri = soup_server_message_get_uri(message_);
  const std::string path = uri ? g_uri_get_path(uri) : "";
  constexpr std::string_view kBase = "/v2/";
  if (!path.starts_with(kBase)) return "";
  return path.substr(kBase.size(), path.find('/', kBase.size()) - kBase.size());
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

std::string HttpExchange::header(const char* name) const {
  const char* value =
      soup_message_headers_get_one(soup_server_message_get_request_headers(message_), name);
  return value ? value : "";
}

void HttpExchange::drop_body() {
  RequestBody::forget(message_);
  budgets_.uploads.release(message_);
}

void HttpExchange::add_header(const char* name, const std::string& value) {
  soup_message_headers_replace(soup_server_message_get_response_headers(message_), name,
                               value.c_str());
}

void HttpExchange::set_common_headers(const char* content_type) {
  add_header("Cache-Control", "no-store");
  add_header("X-Content-Type-Options", "nosniff");
  soup_message_headers_set_content_type(soup_server_message_get_response_headers(message_),
                                        content_type, nullptr);
}

bool HttpExchange::reserve_answer(std::int64_t bytes) {
  if (budgets_.answers.take(message_, owner_, bytes)) {
    reserved_ = true;
    return true;
  }
  add_header("Retry-After", "1");
  reply_error(503, "Too many answers", "too much is being sent to slow readers; try again later");
  return false;
}

bool HttpExchange::wants_range() const {
  return method_ == "GET" && g_object_get_data(G_OBJECT(message_), kRangeData) != nullptr;
}

void HttpExchange::release_answer() {
  budgets_.answers.release(message_);
  reserved_ = false;
}

int HttpExchange::apply_range(int status, std::string& body) {
  const std::string range = text_data(message_, kRangeData);
  if (range.empty() || status != 200 || method_ != "GET" || body.empty()) return status;
  // One range, "bytes=FIRST-[LAST]" or "bytes=-COUNT"; of others the whole is sent.
  gint64 first = 0, last = gint64(body.size()) - 1;
  char* end = nullptr;
  const char* at = range.c_str();
  if (!range.starts_with("bytes=")) return status;
  at += 6;
  if (*at == '-') {
    const gint64 count = g_ascii_strtoll(at + 1, &end, 10);
    if (end == at + 1 || *end || count < 0) return status;
    first = std::max<gint64>(0, gint64(body.size()) - count);
    if (count == 0) first = gint64(body.size());
  } else {
    first = g_ascii_strtoll(at, &end, 10);
    if (end == at || *end != '-' || first < 0) return status;
    at = end + 1;
    if (*at) {
      const gint64 wanted = g_ascii_strtoll(at, &end, 10);
      if (*end || wanted < first) return status;
      last = std::min(last, wanted);
    }
  }
  const std::string size = std::to_string(body.size());
  if (first >= gint64(body.size())) {
    add_header("Content-Range", "bytes */" + size);
    body.clear();
    return 416;
  }
  add_header("Content-Range",
             "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + size);
  body = body.substr(std::size_t(first), std::size_t(last - first + 1));
  return 206;
}

void HttpExchange::reply(int status, const char* content_type, std::string body) {
  if (answered_) return;
  // An answer that was begun as a stream can only be broken off.
  if (streaming_) return abort_stream();
  if (body.size() > kSmallAnswer && !reserved_ && !reserve_answer(std::int64_t(body.size())))
    return;
  status = apply_range(status, body);
  metrics_.count_request(route_, status);
  if (std::strcmp(route_, "run") == 0)
    metrics_.observe_acknowledgement(double(g_get_monotonic_time() - began_us_) / 1e6);
  set_common_headers(content_type);
  if (!body.empty()) append_held(std::move(body));
  // Up to here another answer may take the place of one that could not be made.
  answered_ = true;
  soup_server_message_set_status(message_, guint(status), nullptr);
  resume();
}

// The string lives as long as libsoup writes from it.
void HttpExchange::append_held(std::string text) {
  auto* held = new std::string(std::move(text));
  GBytes* bytes = g_bytes_new_with_free_func(
      held->data(), held->size(), [](gpointer data) { delete static_cast<std::string*>(data); },
      held);
  soup_message_body_append_bytes(soup_server_message_get_response_body(message_), bytes);
  g_bytes_unref(bytes);
}

void HttpExchange::reply_error(int status, const std::string& error, const std::string& message) {
  reply_json(status, error_json(error, message));
}

void HttpExchange::begin_stream(const char* content_type, std::function<void()> closed,
                                std::optional<std::int64_t> length) {
  metrics_.count_request(route_, 200);
  set_common_headers(content_type);
  // From here on nothing throws: what is said of the length holds for no other answer.
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message_);
  // HTTP/1.0 knows no chunks: there the end of the connection is the end.
  const bool old = soup_server_message_get_http_version(message_) == SOUP_HTTP_1_0;
  if (length)
    soup_message_headers_set_content_length(headers, *length);
  else
    soup_message_headers_set_encoding(headers, old ? SOUP_ENCODING_EOF : SOUP_ENCODING_CHUNKED);
  streaming_ = true;
  on_closed_ = std::move(closed);
  soup_message_body_set_accumulate(soup_server_message_get_response_body(message_), FALSE);
  soup_server_message_set_status(message_, 200, nullptr);
  const auto otherwise = [](SoupServerMessage* message, gpointer) {
    Connections::close_of(message);
  };
  g_signal_connect(message_, "wrote-chunk", G_CALLBACK(for_c<on_wrote_chunk>(otherwise)), this);
  g_signal_connect(message_, "finished", G_CALLBACK(for_c<on_finished>(otherwise)), this);
  resume();
}

void HttpExchange::send_piece(std::string bytes) {
  if (closed_ || answered_ || bytes.empty()) return;
  const std::size_t size = bytes.size();
  try {
    pieces_.push_back(size);
    append_held(std::move(bytes));
  } catch (...) {
    log_exception("a stream");
    return abort_stream();
  }
  sent_ += size;
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
  Connections::close_of(message_);
  soup_server_message_unpause(message_);
}

void HttpExchange::give_up() noexcept {
  if (answered_) return;
  if (streaming_) return abort_stream();
  answered_ = true;
  sidecar::give_up(message_);
  resume();
}

bool HttpExchange::client_left() const {
  GSocket* socket = Connections::socket_of(message_);
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
  // A listener that is told may let go of us.
  const Exchange self = static_cast<HttpExchange*>(data)->weak_from_this().lock();
  if (!self) return;
  if (!self->pieces_.empty()) {
    self->written_ += self->pieces_.front();
    self->pieces_.pop_front();
  }
  if (self->on_written_) self->on_written_();
}

void HttpExchange::on_finished(SoupServerMessage*, gpointer data) {
  const Exchange self = static_cast<HttpExchange*>(data)->weak_from_this().lock();
  if (!self) return;
  self->closed_ = true;
  if (self->on_closed_) self->on_closed_();
}

}  // namespace chatterbox::sidecar

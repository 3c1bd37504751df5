// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/server.h"

#include <sys/socket.h>

#include <cstring>

#include "chatterbox/error.h"
#include "log.h"

namespace chatterbox::sidecar {
namespace {

constexpr const char* kLimit = "chatterbox-limit";
constexpr std::int64_t kMegabyte = 1'000'000;
constexpr int kBacklog = 1024;
// Up to this a body is not counted with all the others.
constexpr std::int64_t kSmallBody = 64 << 10;

void refuse(SoupServerMessage* message, int status, const char* error, const std::string& detail) {
  const std::string body = error_json(error, detail);
  soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, body.data(),
                                   body.size());
  soup_server_message_set_status(message, guint(status), nullptr);
  // What still comes of the request is read and dropped.
  soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
}

void refuse_size(SoupServerMessage* message, std::int64_t most) {
  refuse(message, 413, "Request too large",
         "body: expected at most " + std::to_string(most) + " bytes, got more");
}

void refuse_for_now(SoupServerMessage* message) {
  soup_message_headers_replace(soup_server_message_get_response_headers(message), "Retry-After",
                               "1");
  refuse(message, 429, "Too many requests",
         "other large requests are being received; try again later");
}

// Counts bodies that do not tell their length.
void on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer budget) {
  const auto size = std::int64_t(g_bytes_get_size(chunk));
  const auto left =
      std::int64_t(GPOINTER_TO_SIZE(g_object_get_data(G_OBJECT(message), kLimit))) - size;
  g_object_set_data(G_OBJECT(message), kLimit, GSIZE_TO_POINTER(left > 0 ? left : 0));
  if (soup_server_message_get_status(message) != 0) return;
  if (left > 0 && static_cast<UploadBudget*>(budget)->take(message, size)) return;
  soup_message_body_truncate(soup_server_message_get_request_body(message));
  UploadBudget::release(message);
  if (left > 0) return refuse_for_now(message);
  refuse(message, 413, "Request too large", "body: got more bytes than this route takes");
}

bool is_loopback_name(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string header(SoupServerMessage* message, const char* name) {
  const char* value =
      soup_message_headers_get_one(soup_server_message_get_request_headers(message), name);
  return value ? value : "";
}

bool ends_with(const char* path, const char* end) { return g_str_has_suffix(path, end); }

// Says nothing worth a key.
bool is_public(const char* path) {
  return std::strcmp(path, "/") == 0 || std::strcmp(path, "/ping") == 0;
}

}  // namespace

Server::Server(Services& services, const Keys& keys)
    : services_(services),
      keys_(keys),
      uploads_(services.config.max_upload_mb * kMegabyte),
      server_(soup_server_new("raw-paths", FALSE, nullptr)) {
  const Config& config = services.config;
  guard_ = std::make_unique<ConnectionGuard>(server_, config.max_connections, config.header_seconds,
                                             config.body_seconds);
  soup_server_add_early_handler(
      server_, nullptr,
      [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer self) {
        static_cast<Server*>(self)->on_headers(message, path);
      },
      this, nullptr);
  soup_server_add_handler(
      server_, nullptr,
      [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable* query,
         gpointer self) { static_cast<Server*>(self)->on_request(message, path, query); },
      this, nullptr);
  listen();
}

Server::~Server() {
  soup_server_disconnect(server_);
  g_object_unref(server_);
}

void Server::listen() {
  const Config& config = services_.config;
  GError* error = nullptr;
  const auto check = [&](bool good, const std::string& what) {
    if (good) return;
    const std::string message = error ? error->message : "unknown";
    g_clear_error(&error);
    throw Error(ErrorCode::kInvalidArgument, what + ": " + message);
  };
  int options = 0;
  if (!config.tls_certificate.empty()) {
    GTlsCertificate* certificate = g_tls_certificate_new_from_files(config.tls_certificate.c_str(),
                                                                    config.tls_key.c_str(), &error);
    check(certificate != nullptr, "tls-certificate");
    soup_server_set_tls_certificate(server_, certificate);
    g_object_unref(certificate);
    options |= SOUP_SERVER_LISTEN_HTTPS;
  }
  GSocketConnectable* where = g_network_address_parse(config.listen.c_str(), 8004, &error);
  check(where != nullptr, "listen '" + config.listen + "'");
  std::string host = g_network_address_get_hostname(G_NETWORK_ADDRESS(where));
  const guint port = g_network_address_get_port(G_NETWORK_ADDRESS(where));
  g_object_unref(where);
  if (host == "localhost") host = "127.0.0.1";
  GSocketAddress* address = g_inet_socket_address_new_from_string(host.c_str(), port);
  if (!address)
    throw Error(ErrorCode::kInvalidArgument,
                "listen: expected an IP address and a port, got '" + config.listen + "'");
  const bool loopback = g_inet_address_get_is_loopback(
      g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
  if (keys_.empty() && !loopback) {
    g_object_unref(address);
    throw Error(ErrorCode::kInvalidArgument,
                "listen: expected a loopback address as long as there is no API key, got '" +
                    config.listen + "'; give api-key-file or CHATTERBOX_API_KEY");
  }
  if (keys_.empty()) log(Level::kWarning, "no API key: only this machine may connect");
  const bool listening =
      soup_server_listen(server_, address, SoupServerListenOptions(options), &error);
  g_object_unref(address);
  check(listening, "listen '" + config.listen + "'");
  // A crowd that comes at once waits here instead of trying again a second later.
  GSList* sockets = soup_server_get_listeners(server_);
  for (GSList* at = sockets; at; at = at->next)
    ::listen(g_socket_get_fd(G_SOCKET(at->data)), kBacklog);
  g_slist_free(sockets);
}

std::string Server::address() const {
  GSList* uris = soup_server_get_uris(server_);
  gchar* text = uris ? g_uri_to_string(static_cast<GUri*>(uris->data)) : g_strdup("");
  const std::string address = text;
  g_free(text);
  g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
  return address;
}

// Web pages of others reach a server on this machine through the user's browser.
// Without keys, only pages of our own address and the one named in the settings
// may ask; other names for this machine (a rebound DNS entry) are refused.
bool Server::allow_origin(SoupServerMessage* message) {
  const std::string origin = header(message, "Origin");
  const std::string& allowed = services_.config.allow_origin;
  GUri* uri = soup_server_message_get_uri(message);
  const std::string host = uri && g_uri_get_host(uri) ? g_uri_get_host(uri) : "";
  if (!origin.empty() && (allowed == "*" || allowed == origin)) {
    SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
    soup_message_headers_replace(headers, "Access-Control-Allow-Origin", allowed.c_str());
    soup_message_headers_replace(headers, "Access-Control-Allow-Headers",
                                 "Authorization, Content-Type");
    soup_message_headers_replace(headers, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    soup_message_headers_replace(headers, "Vary", "Origin");
    return true;
  }
  if (!keys_.empty()) return true;
  const bool own = origin.empty() || origin == "http://" + header(message, "Host") ||
                   origin == "https://" + header(message, "Host");
  return own && is_loopback_name(host);
}

bool Server::may_ask(SoupServerMessage* message, const char* path) {
  if (keys_.empty() || is_public(path)) return true;
  if (soup_server_message_get_method(message) == SOUP_METHOD_OPTIONS) return true;
  const int key = keys_.match(header(message, "Authorization"));
  g_object_set_data(G_OBJECT(message), "key-number", GINT_TO_POINTER(key + 1));
  return key >= 0;
}

void Server::on_headers(SoupServerMessage* message, const char* path) {
  // One request per connection: libsoup before 3.3 never closes a connection that
  // its client left between two requests, and none bounds how long one may idle.
  soup_message_headers_replace(soup_server_message_get_response_headers(message), "Connection",
                               "close");
  if (!allow_origin(message))
    return refuse(message, 403, "Forbidden",
                  "expected a request to this machine's own address from its own pages; "
                  "allow-origin and API keys allow others");
  if (!may_ask(message, path)) {
    soup_message_headers_replace(soup_server_message_get_response_headers(message),
                                 "WWW-Authenticate", "Bearer");
    services_.metrics.count_request("unauthorized", 401);
    return refuse(message, 401, "Unauthorized",
                  "expected 'Authorization: Bearer KEY' with a key of this server");
  }
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  const std::int64_t most = ends_with(path, "/run") ? services_.config.max_run_mb * kMegabyte
                            : ends_with(path, "/runsync")
                                ? services_.config.max_runsync_mb * kMegabyte
                                : kMegabyte;
  if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CONTENT_LENGTH) {
    const goffset length = soup_message_headers_get_content_length(headers);
    if (length > most) return refuse_size(message, most);
    if (length > kSmallBody && !uploads_.take(message, length)) refuse_for_now(message);
    return;
  }
  g_object_set_data(G_OBJECT(message), kLimit, GSIZE_TO_POINTER(most + 1));
  g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), &uploads_);
}

void Server::on_request(SoupServerMessage* message, const char* path, GHashTable* query) {
  const auto exchange = std::make_shared<HttpExchange>(message, path, query, services_.metrics);
  const auto& parts = exchange->path();
  const std::string name = parts.empty() ? "" : parts[0];
  const std::string id = parts.size() == 2 ? parts[1] : "";
  const bool get = exchange->method() == "GET" || exchange->method() == "HEAD";
  const bool post = exchange->method() == "POST";
  const auto not_allowed = [&](const char* allowed) {
    exchange->add_header("Allow", allowed);
    exchange->reply_error(405, "Method not allowed",
                          std::string("expected ") + allowed + ", got " + exchange->method());
  };
  const auto with_id = [&] { return parts.size() == 2; };

  if (exchange->method() == "OPTIONS")
    exchange->reply(204, "text/plain", "");
  else if (parts.empty())
    get ? handle_page(exchange) : not_allowed("GET");
  else if (parts.size() == 1 && (name == "run" || name == "runsync"))
    post ? handle_run(services_, exchange, name == "runsync") : not_allowed("POST");
  else if (!get && !post)
    not_allowed("GET, POST");
  else if (with_id() && name == "status")
    handle_status(services_, exchange, id, false);
  else if (with_id() && name == "status-sync")
    handle_status(services_, exchange, id, true);
  else if (with_id() && name == "stream")
    handle_stream(services_, exchange, id);
  else if (with_id() && name == "cancel")
    post ? handle_cancel(services_, exchange, id) : not_allowed("POST");
  else if (with_id() && name == "retry")
    post ? handle_retry(services_, exchange, id) : not_allowed("POST");
  else if (parts.size() == 1 && name == "purge-queue")
    post ? handle_purge(services_, exchange) : not_allowed("POST");
  else if (parts.size() == 1 && name == "health")
    handle_health(services_, exchange);
  else if (parts.size() == 1 && name == "metrics")
    handle_metrics(services_, exchange);
  else if (parts.size() == 1 && name == "ping")
    handle_ping(services_, exchange);
  else if (parts.size() == 3 && name == "v1" && parts[1] == "audio" && parts[2] == "speech")
    handle_speech(services_, exchange);
  else if (name == "v1" && parts.size() >= 2 && parts[1] == "models" && parts.size() <= 3)
    handle_models(services_, exchange, parts.size() == 3 ? parts[2] : "");
  else
    exchange->reply_error(404, "Not found", "no such route");
  exchange->hold();
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/server.h"

#include <algorithm>
#include <cstring>

#include "barrier.h"
#include "chatterbox/error.h"
#include "http/framing.h"
#include "log.h"

namespace chatterbox::sidecar {
namespace {

constexpr const char* kLimit = "chatterbox-limit";
constexpr std::int64_t kMegabyte = 1'000'000;
constexpr int kBacklog = 1024;
// Up to this a body is not counted with all the others.
constexpr std::int64_t kSmallBody = 64 << 10;
constexpr const char* kUploadsFull = "other large requests are being received; try again later";
constexpr const char* kChunks = "chatterbox-chunks";
constexpr const char* kChunkBytes = "chatterbox-chunk-bytes";
constexpr const char* kDroppedBytes = "chatterbox-dropped-bytes";
// So many chunks may be small; then they are of this size at least, in the middle.
constexpr gsize kFewChunks = 10'000, kUsualChunk = 64;
// Bytes of a refused body that are read for the sake of the answer.
constexpr gsize kMostDropped = 32 << 20;

// Whether the client has sent, or is going to send, more than the headers. What it asks for leave
// to send it does not.
bool has_body(SoupServerMessage* message) {
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  if (soup_message_headers_get_expectations(headers) & SOUP_EXPECTATION_CONTINUE) return false;
  const SoupEncoding encoding = soup_message_headers_get_encoding(headers);
  return encoding == SOUP_ENCODING_CHUNKED ||
         (encoding == SOUP_ENCODING_CONTENT_LENGTH &&
          soup_message_headers_get_content_length(headers) > 0);
}

// The answer that libsoup would send later, as bytes.
std::string answer_text(SoupServerMessage* message, const std::string& body) {
  const guint status = soup_server_message_get_status(message);
  std::string text = "HTTP/1.1 " + std::to_string(status) + " " + soup_status_get_phrase(status);
  SoupMessageHeadersIter at;
  soup_message_headers_iter_init(&at, soup_server_message_get_response_headers(message));
  const char *name = nullptr, *value = nullptr;
  while (soup_message_headers_iter_next(&at, &name, &value))
    if (g_ascii_strcasecmp(name, "Content-Length") != 0 && g_ascii_strcasecmp(name, "Date") != 0)
      text += std::string("\r\n") + name + ": " + value;
  GDateTime* now = g_date_time_new_now_utc();
  gchar* date = soup_date_time_to_string(now, SOUP_DATE_HTTP);
  text += std::string("\r\nDate: ") + date + "\r\nContent-Length: " + std::to_string(body.size());
  g_free(date);
  g_date_time_unref(now);
  text += "\r\n\r\n";
  return soup_server_message_get_method(message) == SOUP_METHOD_HEAD ? text : text + body;
}

void refuse(SoupServerMessage* message, int status, const char* error, const std::string& detail) {
  const std::string body = error_json(error, detail);
  soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, body.data(),
                                   body.size());
  soup_server_message_set_status(message, guint(status), nullptr);
  // The rest of the request is read and dropped.
  RequestBody::of(message)->refuse();
  Connections::give_up_place(message);
  if (has_body(message)) Connections::answer_early(message, answer_text(message, body));
}

void refuse_size(SoupServerMessage* message, std::int64_t most) {
  refuse(message, 413, "Request too large",
         "body: expected at most " + std::to_string(most) + " bytes, got more");
}

void refuse_for_now(SoupServerMessage* message, const std::string& detail) {
  soup_message_headers_replace(soup_server_message_get_response_headers(message), "Retry-After",
                               "1");
  refuse(message, 429, "Too many requests", detail);
}

gsize add_to(SoupServerMessage* message, const char* name, gsize amount) {
  const gsize sum = GPOINTER_TO_SIZE(g_object_get_data(G_OBJECT(message), name)) + amount;
  g_object_set_data(G_OBJECT(message), name, GSIZE_TO_POINTER(sum));
  return sum;
}

// libsoup reads as long as there is something: chunks of a few bytes that come fast enough would
// keep the loop from everybody else, and what is refused may go on for ever.
bool keeps_others_waiting(SoupServerMessage* message, gsize size) {
  const gsize chunks = add_to(message, kChunks, 1), bytes = add_to(message, kChunkBytes, size);
  if (chunks > kFewChunks && bytes < chunks * kUsualChunk) return true;
  return soup_server_message_get_status(message) != 0 &&
         add_to(message, kDroppedBytes, size) > kMostDropped;
}

void on_any_chunk(SoupServerMessage* message, GBytes* chunk, gpointer) {
  if (keeps_others_waiting(message, g_bytes_get_size(chunk))) Connections::close_of(message);
}

// Counts bodies that do not tell their length.
void on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer budget) {
  const auto size = std::int64_t(g_bytes_get_size(chunk));
  const auto left =
      std::int64_t(GPOINTER_TO_SIZE(g_object_get_data(G_OBJECT(message), kLimit))) - size;
  g_object_set_data(G_OBJECT(message), kLimit, GSIZE_TO_POINTER(left > 0 ? left : 0));
  if (soup_server_message_get_status(message) != 0) return;
  const auto* owner = static_cast<const char*>(g_object_get_data(G_OBJECT(message), kOwnerData));
  auto& uploads = *static_cast<ByteBudget*>(budget);
  if (left > 0 &&
      (RequestBody::of(message)->refused() || uploads.take(message, owner ? owner : "", size)))
    return;
  RequestBody::of(message)->refuse();
  uploads.release(message);
  if (left > 0) return refuse_for_now(message, kUploadsFull);
  refuse(message, 413, "Request too large", "body: got more bytes than this route takes");
}

// Address to listen on, owned by the caller. Throws Error for a bad one, and without a key for one
// that other machines reach.
GSocketAddress* listen_address(const Config& config, const Keys& keys) {
  GError* error = nullptr;
  GSocketConnectable* where = g_network_address_parse(config.listen.c_str(), 8004, &error);
  if (!where) {
    const std::string message = error ? error->message : "unknown";
    g_clear_error(&error);
    throw Error(ErrorCode::kInvalidArgument, "listen '" + config.listen + "': " + message);
  }
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
  if (keys.empty() && !loopback) {
    g_object_unref(address);
    throw Error(ErrorCode::kInvalidArgument,
                "listen: expected a loopback address as long as there is no API key, got '" +
                    config.listen + "'; give api-key-file or CHATTERBOX_API_KEY");
  }
  return address;
}

}  // namespace

void check_listen(const Config& config, const Keys& keys) {
  g_object_unref(listen_address(config, keys));
}

Server::Server(Services& services)
    : services_(services),
      access_(services.config, services.keys),
      server_(soup_server_new("raw-paths", FALSE, nullptr)) {
  // "*" is no path of its own for libsoup, and would be answered without us.
  for (const char* path : {static_cast<const char*>(nullptr), "*"}) {
    soup_server_add_early_handler(
        server_, path,
        for_c([](SoupServer*, SoupServerMessage* message, const char* at, GHashTable*,
                 gpointer self) { static_cast<Server*>(self)->on_headers(message, at); },
              // A request that was not looked at to its end is not let through.
              [](SoupServer*, SoupServerMessage* message, const char*, GHashTable*, gpointer) {
                give_up(message);
              }),
        this, nullptr);
    soup_server_add_handler(
        server_, path,
        for_c([](SoupServer*, SoupServerMessage* message, const char* at, GHashTable* query,
                 gpointer self) { static_cast<Server*>(self)->on_request(message, at, query); },
              // The exchange, if there was one, has answered when it ended.
              [](SoupServer*, SoupServerMessage* message, const char*, GHashTable*, gpointer) {
                if (soup_server_message_get_status(message) == 0) give_up(message);
              }),
        this, nullptr);
  }
  listen();
}

Server::~Server() {
  connections_.reset();
  soup_server_disconnect(server_);
  if (listening_) g_object_unref(listening_);
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
  GTlsCertificate* certificate = nullptr;
  if (!config.tls_certificate.empty()) {
    certificate = g_tls_certificate_new_from_files(config.tls_certificate.c_str(),
                                                   config.tls_key.c_str(), &error);
    check(certificate != nullptr, "tls-certificate");
  }
  GSocketAddress* address = listen_address(config, services_.keys);
  if (services_.keys.empty()) log(Level::kWarning, "no API key: only this machine may connect");
  const GSocketFamily family = g_socket_address_get_family(address);
  listening_ = g_socket_new(family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  bool listening = listening_ && g_socket_bind(listening_, address, TRUE, &error);
  if (listening) {
    // A crowd that comes at once waits here instead of trying again a second later.
    g_socket_set_listen_backlog(listening_, kBacklog);
    listening = g_socket_listen(listening_, &error);
  }
  g_object_unref(address);
  check(listening, "listen '" + config.listen + "'");
  ConnectionLimits limits;
  limits.all = affordable_connections(config.max_connections, config.workers);
  if (limits.all < config.max_connections)
    log(Level::kWarning, "max-connections: expected at most " + std::to_string(limits.all) +
                             " with this limit of open files, got " +
                             std::to_string(config.max_connections) + "; it is lowered");
  limits.per_address = std::min(limits.all, config.max_connections_per_address);
  limits.header_seconds = config.header_seconds;
  limits.body_seconds = config.body_seconds;
  connections_ = std::make_unique<Connections>(server_, listening_, certificate, limits);
  if (certificate) g_object_unref(certificate);
}

std::string Server::address() const {
  GSocketAddress* local = g_socket_get_local_address(listening_, nullptr);
  auto* inet = G_INET_SOCKET_ADDRESS(local);
  gchar* host = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
  std::string name = host;
  if (name.find(':') != name.npos) name = "[" + name + "]";
  const std::string port = std::to_string(g_inet_socket_address_get_port(inet));
  g_free(host);
  g_object_unref(local);
  const bool tls = !services_.config.tls_certificate.empty();
  return std::string(tls ? "https://" : "http://") + name + ":" + port + "/";
}

void Server::on_headers(SoupServerMessage* message, const char* path) {
  RequestBody::collect(message);
  g_signal_connect(message, "got-chunk",
                   G_CALLBACK(for_c<on_any_chunk>(
                       [](SoupServerMessage* from, GBytes*, gpointer) { give_up(from); })),
                   nullptr);
  if (const char* fault = framing_fault(message)) return refuse(message, 400, "Bad request", fault);
  if (!access_.allow_page(message))
    return refuse(message, 403, "Forbidden",
                  "expected a request to this machine's own address from its own pages; "
                  "allow-origin and API keys allow others");
  const Route* route = find_route(soup_server_message_get_method(message), path).route;
  const std::string owner = access_.owner(message, route);
  if (owner.empty()) {
    soup_message_headers_replace(soup_server_message_get_response_headers(message),
                                 "WWW-Authenticate", "Bearer");
    services_.metrics.count_request("unauthorized", 401);
    return refuse(message, 401, "Unauthorized",
                  "expected 'Authorization: Bearer KEY' with a key of this server");
  }
  g_object_set_data_full(G_OBJECT(message), kOwnerData, g_strdup(owner.c_str()), g_free);
  // libsoup would answer a thousand ranges with a thousand copies; we know one.
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  if (const char* range = soup_message_headers_get_one(headers, "Range")) {
    // "All from the start on" is no range: a browser's way of asking for what it hears while it
    // is made.
    if (std::strlen(range) < 64 && std::strcmp(range, "bytes=0-") != 0)
      g_object_set_data_full(G_OBJECT(message), kRangeData, g_strdup(range), g_free);
    soup_message_headers_remove(headers, "Range");
  }
  limit_body(message, route, owner);
}

void Server::limit_body(SoupServerMessage* message, const Route* route, const std::string& owner) {
  const RouteBody kind = route ? route->body : RouteBody::kSmall;
  // Requests of strangers need no body. One is not kept, nor does it take room from others.
  const bool open = owner == kNobody || (route && route->access == RouteAccess::kPublic);
  if (open) {
    RequestBody::of(message)->refuse();
  } else if (!connections_->keep_place(message, owner, services_.shares)) {
    return refuse_for_now(message, "your share of the connections is in use; try again later");
  }
  const std::int64_t most = open                      ? kSmallBody
                            : kind == RouteBody::kRun ? services_.config.max_run_mb * kMegabyte
                            : kind == RouteBody::kRunSync
                                ? services_.config.max_runsync_mb * kMegabyte
                                : kMegabyte;
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CONTENT_LENGTH) {
    const goffset length = soup_message_headers_get_content_length(headers);
    if (length > most) return refuse_size(message, most);
    if (length > kSmallBody && !services_.budgets.uploads.take(message, owner, length))
      refuse_for_now(message, kUploadsFull);
    return;
  }
  g_object_set_data(G_OBJECT(message), kLimit, GSIZE_TO_POINTER(most + 1));
  g_signal_connect(message, "got-chunk",
                   G_CALLBACK(for_c<on_chunk>(
                       [](SoupServerMessage* from, GBytes*, gpointer) { give_up(from); })),
                   &services_.budgets.uploads);
}

void Server::on_request(SoupServerMessage* message, const char* path, GHashTable* query) {
  const auto exchange = HttpExchange::begin(message, query, services_.metrics, services_.budgets);
  RouteMatch match = find_route(exchange->method(), path);
  if (exchange->method() == "OPTIONS") {
    exchange->add_header("Allow",
                         match.allowed + (match.allowed.empty() ? "OPTIONS" : ", OPTIONS"));
    exchange->reply(204, "text/plain", "");
  } else if (match.route) {
    exchange->set_parameters(std::move(match.parameters));
    call_route(*match.route, services_, exchange);
  } else if (!match.allowed.empty()) {
    exchange->add_header("Allow", match.allowed);
    exchange->reply_error(405, "Method not allowed",
                          "expected " + match.allowed + ", got " + exchange->method());
  } else {
    exchange->reply_error(404, "Not found", "no such route");
  }
  exchange->hold();
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "models/hub_client.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

namespace chatterbox::cli {
namespace {

using Kind = HubError::Kind;

constexpr int kMostRedirects = 10;
constexpr int kMostWaitSeconds = 60;
constexpr guint kSilenceSeconds = 30;  // after which a connection counts as broken

template <class T>
using Object = std::unique_ptr<T, void (*)(gpointer)>;

template <class T>
Object<T> own(T* object) {
  return {object, g_object_unref};
}

std::string environment(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = g_getenv(name); value && *value) return value;
  return {};
}

// GLib follows the environment's proxies only where a module for that is installed.
void follow_proxies(SoupSession* session) {
  const std::string all = environment({"all_proxy", "ALL_PROXY"});
  const std::string http = environment({"http_proxy", "HTTP_PROXY"});
  const std::string https = environment({"https_proxy", "HTTPS_PROXY"});
  if (all.empty() && http.empty() && https.empty()) return;
  const std::string none = environment({"no_proxy", "NO_PROXY"});
  gchar** ignored = g_strsplit_set(none.c_str(), ", ", -1);
  GProxyResolver* resolver =
      g_simple_proxy_resolver_new(all.empty() ? nullptr : all.c_str(), ignored);
  if (!http.empty())
    g_simple_proxy_resolver_set_uri_proxy(G_SIMPLE_PROXY_RESOLVER(resolver), "http", http.c_str());
  if (!https.empty())
    g_simple_proxy_resolver_set_uri_proxy(G_SIMPLE_PROXY_RESOLVER(resolver), "https",
                                          https.c_str());
  soup_session_set_proxy_resolver(session, resolver);
  g_object_unref(resolver);
  g_strfreev(ignored);
}

struct FreeUri {
  void operator()(GUri* uri) const { g_uri_unref(uri); }
};
using Uri = std::unique_ptr<GUri, FreeUri>;

Uri parse(const std::string& address, GUri* base = nullptr) {
  Uri uri(base
              ? g_uri_parse_relative(base, address.c_str(), GUriFlags(SOUP_HTTP_URI_FLAGS), nullptr)
              : g_uri_parse(address.c_str(), GUriFlags(SOUP_HTTP_URI_FLAGS), nullptr));
  const std::string scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if ((scheme != "http" && scheme != "https") || !g_uri_get_host(uri.get()))
    throw HubError(Kind::kRefused, "expected an address with http or https, got '" + address + "'");
  if (base && scheme == "http" && std::string(g_uri_get_scheme(base)) == "https")
    throw HubError(Kind::kRefused, "the server sends us on from https to '" + address +
                                       "', which is not encrypted");
  return uri;
}

bool same_server(GUri* one, GUri* other) {
  return g_strcmp0(g_uri_get_scheme(one), g_uri_get_scheme(other)) == 0 &&
         g_strcmp0(g_uri_get_host(one), g_uri_get_host(other)) == 0 &&
         g_uri_get_port(one) == g_uri_get_port(other);
}

[[noreturn]] void fail(GError* error, GUri* uri, bool begun) {
  const std::string host = g_uri_get_host(uri);
  const bool unreachable =
      error->domain == G_RESOLVER_ERROR ||
      (error->domain == G_IO_ERROR &&
       (error->code == G_IO_ERROR_NETWORK_UNREACHABLE ||
        error->code == G_IO_ERROR_HOST_UNREACHABLE || error->code == G_IO_ERROR_HOST_NOT_FOUND ||
        error->code == G_IO_ERROR_CONNECTION_REFUSED));
  // A connection that merely broke is a fault of TLS too.
  const bool untrusted =
      error->domain == G_TLS_ERROR &&
      (error->code == G_TLS_ERROR_BAD_CERTIFICATE || error->code == G_TLS_ERROR_UNAVAILABLE ||
       error->code == G_TLS_ERROR_CERTIFICATE_REQUIRED || error->code == G_TLS_ERROR_NOT_TLS);
  const std::string message = host + ": " + error->message;
  g_error_free(error);
  throw HubError(unreachable && !begun ? Kind::kOffline
                 : untrusted           ? Kind::kRefused
                                       : Kind::kBroken,
                 message);
}

void check_status(SoupMessage* message, GUri* uri) {
  const guint status = soup_message_get_status(message);
  if (status == SOUP_STATUS_OK || status == SOUP_STATUS_PARTIAL_CONTENT) return;
  const std::string told = std::string(g_uri_get_host(uri)) + " answers " + std::to_string(status) +
                           " " + soup_status_get_phrase(status);
  if (status == 401 || status == 403)
    throw HubError(Kind::kRefused, told + ": set HF_TOKEN to a token of yours that may read it");
  const bool later = status == 408 || status == 416 || status == 429 || status >= 500;
  const char* wait =
      soup_message_headers_get_one(soup_message_get_response_headers(message), "Retry-After");
  throw HubError(later ? Kind::kBroken : Kind::kRefused, told,
                 later && wait ? parse_retry_after(wait, kMostWaitSeconds) : 0);
}

HubAnswer read_answer(SoupMessage* message) {
  SoupMessageHeaders* headers = soup_message_get_response_headers(message);
  HubAnswer answer;
  if (soup_message_get_status(message) == SOUP_STATUS_PARTIAL_CONTENT) {
    goffset first = 0, last = 0, whole = -1;
    if (!soup_message_headers_get_content_range(headers, &first, &last, &whole) || first < 0)
      throw HubError(Kind::kBroken, "expected Content-Range in an answer of a part, got none");
    answer.first = first;
    answer.whole = whole;
  } else if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CONTENT_LENGTH) {
    answer.whole = soup_message_headers_get_content_length(headers);
  }
  return answer;
}

}  // namespace

HubClient::HubClient()
    : endpoint_(environment({"HF_ENDPOINT"})),
      token_(environment({"HF_TOKEN"})),
      session_(soup_session_new(), g_object_unref) {
  if (endpoint_.empty()) endpoint_ = "https://huggingface.co";
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
  soup_session_set_timeout(session_.get(), kSilenceSeconds);
  soup_session_set_user_agent(session_.get(), "gst-chatterbox/" CHATTERBOX_VERSION);
  // Parts of a file are parts of its own bytes, not of packed ones.
  soup_session_remove_feature_by_type(session_.get(), SOUP_TYPE_CONTENT_DECODER);
  follow_proxies(session_.get());
}

std::string HubClient::address(const std::string& repository, const std::string& revision,
                               const std::string& file) const {
  return endpoint_ + "/" + repository + "/resolve/" + revision + "/" + file;
}

void HubClient::get(const std::string& address, std::int64_t from, const Begin& begin,
                    const Sink& sink) {
  const Uri hub = parse(address);
  Uri uri = parse(address);
  ContentDigest digest;
  for (int redirects = 0;; ++redirects) {
    const auto message = own(soup_message_new_from_uri("GET", uri.get()));
    soup_message_add_flags(message.get(), SOUP_MESSAGE_NO_REDIRECT);
    SoupMessageHeaders* asked = soup_message_get_request_headers(message.get());
    soup_message_headers_replace(asked, "Accept-Encoding", "identity");
    if (from > 0)
      soup_message_headers_replace(asked, "Range", ("bytes=" + std::to_string(from) + "-").c_str());
    const bool at_hub = same_server(uri.get(), hub.get());
    // A token is for the hub alone, not for where it sends us.
    if (at_hub && !token_.empty())
      soup_message_headers_replace(asked, "Authorization", ("Bearer " + token_).c_str());
    GError* error = nullptr;
    const auto stream = own(soup_session_send(session_.get(), message.get(), nullptr, &error));
    if (error) fail(error, uri.get(), false);
    SoupMessageHeaders* headers = soup_message_get_response_headers(message.get());
    for (const char* name : {"X-Linked-Etag", "ETag"})
      if (const char* etag = soup_message_headers_get_one(headers, name);
          at_hub && etag && digest.kind == ContentDigest::Kind::kNone)
        digest = parse_etag(etag);
    if (SOUP_STATUS_IS_REDIRECTION(soup_message_get_status(message.get()))) {
      const char* location = soup_message_headers_get_one(headers, "Location");
      if (!location || redirects == kMostRedirects)
        throw HubError(Kind::kRefused, address + ": expected a file, got too many redirections");
      uri = parse(location, uri.get());
      continue;
    }
    check_status(message.get(), uri.get());
    HubAnswer answer = read_answer(message.get());
    answer.digest = digest;
    begin(answer);
    std::array<char, 1 << 16> block;
    for (;;) {
      const gssize got =
          g_input_stream_read(stream.get(), block.data(), block.size(), nullptr, &error);
      if (error) fail(error, uri.get(), true);
      if (got <= 0 || !sink(block.data(), std::size_t(got))) return;
    }
  }
}

}  // namespace chatterbox::cli

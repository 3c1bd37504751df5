// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/access.h"

#include <algorithm>
#include <cstring>

#include "shares.h"

namespace chatterbox::sidecar {
namespace {

std::string header(SoupServerMessage* message, const char* name) {
  const char* value =
      soup_message_headers_get_one(soup_server_message_get_request_headers(message), name);
  return value ? value : "";
}

// The owner of a name can make it stand for this machine; an address cannot be made to.
bool is_address_or_localhost(const char* host) {
  if (!host) return false;
  if (g_ascii_strcasecmp(host, "localhost") == 0) return true;
  GInetAddress* address = g_inet_address_new_from_string(host);
  if (!address) return false;
  g_object_unref(address);
  return true;
}

// Names of headers and commas: nothing else is sent back.
bool is_header_list(const std::string& text) {
  return !text.empty() && text.size() < 2000 && std::all_of(text.begin(), text.end(), [](char c) {
    return g_ascii_isalnum(c) || c == '-' || c == '_' || c == ',' || c == ' ';
  });
}

void allow(SoupServerMessage* message, const std::string& origin) {
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
  const auto set = [&](const char* name, const std::string& value) {
    soup_message_headers_replace(headers, name, value.c_str());
  };
  set("Access-Control-Allow-Origin", origin);
  // Clients add headers of their own (x-stainless-..., openai-...); none of them matters here.
  const std::string wanted = header(message, "Access-Control-Request-Headers");
  set("Access-Control-Allow-Headers",
      is_header_list(wanted) ? wanted : "Authorization, Content-Type");
  set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE, OPTIONS");
  set("Access-Control-Max-Age", "600");
  set("Vary", "Origin, Access-Control-Request-Headers");
  if (header(message, "Access-Control-Request-Private-Network") == "true")
    set("Access-Control-Allow-Private-Network", "true");
}

}  // namespace

bool Access::origin_allowed(const std::string& origin) const {
  return config_.allow_origin == "*" || (!origin.empty() && config_.allow_origin == origin);
}

bool Access::own_page(SoupServerMessage* message, const std::string& origin) const {
  const std::string host = header(message, "Host");
  if (!origin.empty() && origin != "http://" + host && origin != "https://" + host) return false;
  const std::string site = header(message, "Sec-Fetch-Site");
  if (site.empty() || site == "same-origin" || site == "none") return true;
  // Somebody's link to our page.
  return header(message, "Sec-Fetch-Mode") == "navigate" &&
         std::strcmp(g_uri_get_path(soup_server_message_get_uri(message)), "/") == 0;
}

// A request line with a whole address does not hide what stands in Host.
bool Access::host_fits(SoupServerMessage* message) {
  const std::string host = header(message, "Host");
  if (host.empty()) return true;
  GUri* uri = g_uri_parse(("http://" + host + "/").c_str(), G_URI_FLAGS_NONE, nullptr);
  const bool fits = uri && is_address_or_localhost(g_uri_get_host(uri));
  if (uri) g_uri_unref(uri);
  return fits;
}

bool Access::allow_page(SoupServerMessage* message) const {
  const std::string origin = header(message, "Origin");
  const bool named = origin_allowed(origin);
  if (named && !origin.empty())
    allow(message, config_.allow_origin == "*" ? std::string("*") : origin);
  if (!keys_.empty()) return true;
  GUri* uri = soup_server_message_get_uri(message);
  if (!uri || !is_address_or_localhost(g_uri_get_host(uri)) || !host_fits(message)) return false;
  return named || own_page(message, origin);
}

std::string Access::owner(SoupServerMessage* message, const Route* route) const {
  const std::string shown = header(message, "Authorization");
  if (route && route->access == RouteAccess::kMeasure)
    return keys_.may_measure(shown) ? kLocalOwner : "";
  if (keys_.empty()) return kLocalOwner;
  const std::string owner = keys_.owner(shown);
  if (!owner.empty()) return owner;
  const bool open = (route && route->access == RouteAccess::kPublic) ||
                    soup_server_message_get_method(message) == SOUP_METHOD_OPTIONS;
  return open ? kNobody : "";
}

}  // namespace chatterbox::sidecar

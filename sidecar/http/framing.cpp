// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/framing.h"

#include <cstring>

namespace chatterbox::sidecar {
namespace {

// Digits of a number that fits whatever type a reader has.
constexpr std::size_t kMostDigits = 18;

bool is_length(const char* text) {
  const std::size_t size = std::strlen(text);
  return size > 0 && size <= kMostDigits && std::strspn(text, "0123456789") == size;
}

}  // namespace

const char* framing_fault(SoupServerMessage* message) {
  int hosts = 0, lengths = 0, encodings = 0, keys = 0;
  const char *length = nullptr, *encoding = nullptr;
  SoupMessageHeadersIter at;
  soup_message_headers_iter_init(&at, soup_server_message_get_request_headers(message));
  const char *name = nullptr, *value = nullptr;
  while (soup_message_headers_iter_next(&at, &name, &value)) {
    const auto is = [&](const char* wanted) { return g_ascii_strcasecmp(name, wanted) == 0; };
    if (is("Host")) ++hosts;
    if (is("Authorization")) ++keys;
    if (is("Content-Length")) ++lengths, length = value;
    if (is("Transfer-Encoding")) ++encodings, encoding = value;
  }
  if (hosts > 1) return "expected one Host, got more";
  if (keys > 1) return "expected one Authorization, got more";
  if (lengths > 1) return "expected one Content-Length, got more";
  if (encodings > 1) return "expected one Transfer-Encoding, got more";
  if (length && encoding) return "expected Content-Length or Transfer-Encoding, got both";
  if (length && !is_length(length))
    return "Content-Length: expected a number of bytes, got another";
  if (!encoding) return nullptr;
  if (g_ascii_strcasecmp(encoding, "chunked") != 0)
    return "Transfer-Encoding: expected 'chunked', got another";
  if (soup_server_message_get_http_version(message) == SOUP_HTTP_1_0)
    return "Transfer-Encoding: expected HTTP/1.1, got HTTP/1.0";
  return nullptr;
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/webhook_policy.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace chatterbox::sidecar {
namespace {

constexpr std::size_t kMostAddress = 2048;

struct Network {
  std::array<guint8, 4> address;
  int bits;
};
// Addresses of IPv4 that no host of the Internet has (RFC 6890).
constexpr Network kPrivate[] = {
    {{0, 0, 0, 0}, 8},     {{10, 0, 0, 0}, 8},      {{100, 64, 0, 0}, 10},  {{127, 0, 0, 0}, 8},
    {{172, 16, 0, 0}, 12}, {{192, 0, 0, 0}, 24},    {{192, 0, 2, 0}, 24},   {{192, 168, 0, 0}, 16},
    {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24}, {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 3},
};
// Where clouds keep the secrets of a machine: refused whatever the setting says.
constexpr Network kLinkLocal{{169, 254, 0, 0}, 16};

bool within(const guint8* address, const Network& network) {
  for (int bit = 0; bit < network.bits; ++bit) {
    const int byte = bit / 8, mask = 0x80 >> (bit % 8);
    if ((address[byte] & mask) != (network.address[std::size_t(byte)] & mask)) return false;
  }
  return true;
}

enum class Reach { kInternet, kPrivate, kNever };

Reach reach_of_ipv4(const guint8* bytes) {
  if (within(bytes, kLinkLocal)) return Reach::kNever;
  return std::any_of(std::begin(kPrivate), std::end(kPrivate),
                     [&](const Network& network) { return within(bytes, network); })
             ? Reach::kPrivate
             : Reach::kInternet;
}

bool starts_with(const guint8* bytes, std::initializer_list<guint8> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes);
}

Reach reach_of(GInetAddress* address) {
  const guint8* bytes = g_inet_address_to_bytes(address);
  if (g_inet_address_get_native_size(address) == 4) return reach_of_ipv4(bytes);
  if (g_inet_address_get_is_link_local(address)) return Reach::kNever;
  // Amazon's service of secrets.
  if (starts_with(bytes, {0xfd, 0x00, 0x0e, 0xc2})) return Reach::kNever;
  // Addresses that stand for one of IPv4: mapped, NAT64, 6to4.
  if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}) ||
      starts_with(bytes, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}))
    return reach_of_ipv4(bytes + 12);
  if (starts_with(bytes, {0x20, 0x02})) return reach_of_ipv4(bytes + 2);
  // Global unicast is 2000::/3; Teredo, documentation and the rest are nobody's host.
  const bool global = (bytes[0] & 0xe0) == 0x20 && !starts_with(bytes, {0x20, 0x01, 0, 0}) &&
                      !starts_with(bytes, {0x20, 0x01, 0x0d, 0xb8});
  return global ? Reach::kInternet : Reach::kPrivate;
}

}  // namespace

WebhookPolicy::WebhookPolicy(const std::string& setting) {
  enabled_ = setting != "none";
  private_too_ = setting == "any";
  if (setting == "all" || setting == "any" || setting == "none") return;
  private_too_ = true;
  gchar** names = g_strsplit(setting.c_str(), ",", -1);
  for (gchar** name = names; *name; ++name) hosts_.emplace_back(g_strstrip(*name));
  g_strfreev(names);
}

bool WebhookPolicy::allows(const std::string& address) const {
  if (address.size() > kMostAddress || !enabled_) return false;
  GUri* uri = g_uri_parse(address.c_str(), G_URI_FLAGS_NONE, nullptr);
  if (!uri) return false;
  const std::string scheme = g_uri_get_scheme(uri) ? g_uri_get_scheme(uri) : "";
  const std::string host = g_uri_get_host(uri) ? g_uri_get_host(uri) : "";
  g_uri_unref(uri);
  if ((scheme != "http" && scheme != "https") || host.empty()) return false;
  if (host == "metadata.google.internal") return false;
  if (!hosts_.empty() && std::none_of(hosts_.begin(), hosts_.end(), [&](const std::string& name) {
        return g_ascii_strcasecmp(name.c_str(), host.c_str()) == 0;
      }))
    return false;
  GInetAddress* literal = g_inet_address_new_from_string(host.c_str());
  const bool allowed = literal ? allows_peer(literal)
                               : private_too_ || g_ascii_strcasecmp(host.c_str(), "localhost") != 0;
  if (literal) g_object_unref(literal);
  return allowed;
}

bool WebhookPolicy::allows_peer(GInetAddress* peer) const {
  const Reach reach = reach_of(peer);
  return reach == Reach::kInternet || (reach == Reach::kPrivate && private_too_);
}

}  // namespace chatterbox::sidecar

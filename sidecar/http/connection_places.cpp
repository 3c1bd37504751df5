// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of Connections that says who stays when there are too many.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "http/connections.h"

namespace chatterbox::sidecar {
namespace {

// Bytes of an IPv6 address that name a network: the rest is the subscriber's to choose.
constexpr int kNetworkBytes = 8;

}  // namespace

// Whom a connection is counted for: an address, or of IPv6 the network that one subscriber has.
std::string Connections::address_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  char host[NI_MAXHOST] = "";
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return host;
  in6_addr& whole = reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr;
  if (address.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&whole))
    std::fill(whole.s6_addr + kNetworkBytes, std::end(whole.s6_addr), std::uint8_t(0));
  getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host, sizeof host, nullptr, 0,
              NI_NUMERICHOST);
  return host;
}

bool Connections::peer_left(const Connection* connection) {
  char byte = 0;
  return recv(g_socket_get_fd(g_socket_connection_get_socket(connection->stream)), &byte, 1,
              MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool Connections::full_for(int fd) {
  const std::string address = address_of(fd);
  const auto same = [&] {
    const auto found = of_address_.find(address);
    return found == of_address_.end() ? 0 : found->second;
  };
  const auto full = [&] { return size() >= limits_.all || same() >= limits_.per_address; };
  if (!full()) return false;
  reap();
  if (full()) drop_left();
  if (!full()) return false;
  return same() >= limits_.per_address || !make_room(same());
}

// A few addresses that hold connections for nothing would keep all others out.
bool Connections::make_room(int same_address) {
  Connection* chosen = nullptr;
  int most = same_address;
  for (Connection* connection : open_) {
    if (!connection->keeper.empty() || connection->ended) continue;
    const int count = of_address_[connection->address];
    const bool earlier = chosen && count == most && connection->deadline_us < chosen->deadline_us;
    if (count <= most && !earlier) continue;
    chosen = connection;
    most = count;
  }
  if (!chosen) return false;
  if (!chosen->handshake) {
    drop(chosen);
    return true;
  }
  // The thread that shakes hands uses it for another moment.
  chosen->ended = true;
  g_socket_shutdown(g_socket_connection_get_socket(chosen->stream), TRUE, TRUE, nullptr);
  g_cancellable_cancel(chosen->handshake);
  return true;
}

bool Connections::keep_place(SoupServerMessage* message, const std::string& owner,
                             const Shares& shares) {
  Connection* connection = connection_of(message);
  if (!connection) return true;
  const auto full = [&] { return of_keeper_[owner] >= shares.of(limits_.all); };
  if (full()) drop_left();
  if (full()) return false;
  connection->keeper = owner;
  ++of_keeper_[owner];
  return true;
}

void Connections::give_up_place(SoupServerMessage* message) {
  if (Connection* connection = connection_of(message)) connection->owner->forget_keeper(connection);
}

void Connections::forget_keeper(Connection* connection) {
  const auto keeper = of_keeper_.find(connection->keeper);
  if (keeper != of_keeper_.end() && --keeper->second == 0) of_keeper_.erase(keeper);
  connection->keeper.clear();
}

// Ends those whose clients wait for an answer no more: they, or one half of them, hung up.
void Connections::drop_left() {
  std::vector<Connection*> left;
  for (Connection* connection : open_)
    if (!connection->keeper.empty() && connection->deadline_us == 0 && peer_left(connection))
      left.push_back(connection);
  for (Connection* connection : left) drop(connection);
}

}  // namespace chatterbox::sidecar

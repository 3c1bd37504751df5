// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "shares.h"

namespace chatterbox::sidecar {

// A descriptor, closed unless somebody else has it.
struct HeldDescriptor {
  int fd = -1;
  ~HeldDescriptor();
  int release() { return std::exchange(fd, -1); }
};

struct ConnectionLimits {
  int all = 2048;
  int per_address = 1024;
  // Seconds to say what is wanted, and to send it.
  int header_seconds = 20, body_seconds = 60;
};

// Accepts connections and hands them to libsoup, but stays their owner: libsoup forgets to
// close some, and its own listener never accepts again after descriptors have run out once.
// Each connection serves one request. Thread of the main loop only.
class Connections {
 public:
  // `listening` is bound; `certificate` may be null. Takes references to all.
  Connections(SoupServer* server, GSocket* listening, GTlsCertificate* certificate,
              const ConnectionLimits& limits);
  ~Connections();

  int size() const { return int(open_.size()); }
  // The socket that a request came by; null when it is closed.
  static GSocket* socket_of(SoupServerMessage* message);
  // Ends the connection of a request at once.
  static void close_of(SoupServerMessage* message);
  // Sends an answer while the request is still coming: libsoup would wait for its end. What comes
  // then is still read, so that the kernel keeps the answer, and nothing more is sent.
  static void answer_early(SoupServerMessage* message, const std::string& answer);
  // The connection of a request that is served keeps its place when there are too many; false when
  // the owner has a share of them already. At first none does.
  bool keep_place(SoupServerMessage* message, const std::string& owner, const Shares& shares);
  static void give_up_place(SoupServerMessage* message);

 private:
  struct Connection {
    Connections* owner = nullptr;
    GSocketConnection* stream = nullptr;  // a reference
    // Stream that carries HTTP: the same, or TLS over it. A reference.
    GIOStream* spoken = nullptr;
    std::string address;
    // Monotonic microseconds; 0: the server's turn.
    gint64 deadline_us = 0;
    // Whose request it serves; empty: it makes room for others.
    std::string keeper;
    // The answer is written: the peer's end is awaited for a moment only.
    bool answered = false;
    // Broken off.
    bool ended = false;
    // While TLS shakes hands, in a thread of its own: what stops that. Owned.
    GCancellable* handshake = nullptr;
  };

  void watch();
  void accept_all();
  // True when a connection was taken from the queue of the kernel.
  bool accept_one();
  // True when the peer has to be sent away.
  bool full_for(int fd);
  // Ends one that keeps no place, of whoever has the most connections; false where that is the
  // newcomer.
  bool make_room(int same_address);
  // Takes in one that was accepted, or tells it that there is no room.
  void take_in(int fd);
  void refuse(HeldDescriptor& held);
  void admit(GSocket* socket);
  void shake_hands(Connection* connection);
  void serve(Connection* connection, GIOStream* stream);
  void started(SoupServerMessage* message);
  void sweep();
  void reap();
  void reap_soon();
  void drop_left();
  void drop(Connection* connection);
  void forget_keeper(Connection* connection);
  static std::string address_of(int fd);
  static bool peer_left(const Connection* connection);
  static Connection* connection_of(SoupServerMessage* message);

  SoupServer* server_;
  GSocket* listening_;
  GTlsCertificate* certificate_;
  const ConnectionLimits limits_;
  GSource* source_ = nullptr;
  // Held for the moment when there are no more: with it one can still be accepted and refused.
  int reserve_ = -1;
  std::set<Connection*> open_;
  std::map<std::string, int> of_address_, of_keeper_;
  // Told that there is no room; closed by the next sweep.
  std::deque<int> refused_;
  bool reaping_ = false;
};

// The most connections that this process' limit of open files allows: each takes one file, and the
// rest of the server takes some. Returns `wanted` or less.
int affordable_connections(int wanted, int workers);

}  // namespace chatterbox::sidecar

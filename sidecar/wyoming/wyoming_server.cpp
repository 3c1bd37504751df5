// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "wyoming/wyoming_server.h"

#include <functional>
#include <memory>
#include <utility>

#include "barrier.h"
#include "chatterbox/error.h"
#include "log.h"
#include "main_loop.h"
#include "named_thread.h"

namespace chatterbox::sidecar {
namespace {

// Each client has a thread while it is connected; more wait to be accepted.
constexpr int kMostClients = 16;

// A client's place, given back in the main loop.
class Place {
 public:
  explicit Place(std::function<void()> give_back) : give_back_(std::move(give_back)) {}
  ~Place() { give_back_.post(); }

 private:
  ReadyTask give_back_;
};

}  // namespace

WyomingServer::WyomingServer(Services& services, const std::string& address)
    : services_(services), service_(g_socket_service_new()) {
  GError* error = nullptr;
  GSocketConnectable* where = g_network_address_parse(address.c_str(), 10200, &error);
  GSocketAddress* wanted = nullptr;
  if (where) {
    std::string host = g_network_address_get_hostname(G_NETWORK_ADDRESS(where));
    if (host == "localhost") host = "127.0.0.1";
    wanted = g_inet_socket_address_new_from_string(
        host.c_str(), g_network_address_get_port(G_NETWORK_ADDRESS(where)));
    g_object_unref(where);
  }
  bool good = wanted && g_socket_listener_add_address(G_SOCKET_LISTENER(service_), wanted,
                                                      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                                                      nullptr, &bound_, &error);
  if (wanted) g_object_unref(wanted);
  if (!good) {
    const std::string message = error ? error->message : "expected an IP address and a port";
    g_clear_error(&error);
    g_object_unref(service_);
    throw Error(ErrorCode::kInvalidArgument, "wyoming '" + address + "': " + message);
  }
  g_signal_connect(service_, "incoming",
                   G_CALLBACK(for_c([](GSocketService*, GSocketConnection* connection, GObject*,
                                       gpointer self) -> gboolean {
                     static_cast<WyomingServer*>(self)->serve(connection);
                     return TRUE;
                   })),
                   this);
  g_socket_service_start(service_);
  GInetAddress* host = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(bound_));
  if (!g_inet_address_get_is_loopback(host))
    log(Level::kWarning,
        "wyoming: whoever reaches " + this->address() + " may speak; the protocol knows no keys");
}

WyomingServer::~WyomingServer() {
  g_socket_service_stop(service_);
  g_object_unref(bound_);
  g_object_unref(service_);
}

// GThreadedSocketService does the same, but begins to listen again in the thread of the client that
// left: where another one waits, the main loop may accept it before that thread has given the
// listener's task its data (GLib 2.74), which is the end of the process.
void WyomingServer::serve(GSocketConnection* connection) {
  auto place = std::make_unique<Place>([this] { leave(); });
  if (++clients_ == kMostClients) g_socket_service_stop(service_);
  std::unique_ptr<GSocketConnection, void (*)(gpointer)> held(
      static_cast<GSocketConnection*>(g_object_ref(connection)), g_object_unref);
  named_thread("wyoming", [this, place = std::move(place), held = std::move(held)] {
    serve_wyoming(services_, held.get());
  }).detach();
}

void WyomingServer::leave() {
  if (clients_-- == kMostClients) g_socket_service_start(service_);
}

std::string WyomingServer::address() const {
  gchar* text = g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(bound_));
  const std::string address = text;
  g_free(text);
  return address;
}

}  // namespace chatterbox::sidecar

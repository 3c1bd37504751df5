// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "wyoming/wyoming_server.h"

#include "barrier.h"
#include "chatterbox/error.h"
#include "log.h"

namespace chatterbox::sidecar {
namespace {

// Each client has a thread while it is connected; more wait to be accepted.
constexpr int kMostClients = 16;

}  // namespace

WyomingServer::WyomingServer(Services& services, const std::string& address)
    : services_(services), service_(g_threaded_socket_service_new(kMostClients)) {
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
  g_signal_connect(service_, "run",
                   G_CALLBACK(for_c([](GThreadedSocketService*, GSocketConnection* connection,
                                       GObject*, gpointer self) -> gboolean {
                     serve_wyoming(static_cast<WyomingServer*>(self)->services_, connection);
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

std::string WyomingServer::address() const {
  gchar* text = g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(bound_));
  const std::string address = text;
  g_free(text);
  return address;
}

}  // namespace chatterbox::sidecar

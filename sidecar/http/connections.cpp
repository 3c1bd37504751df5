// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "http/connections.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "barrier.h"
#include "main_loop.h"

namespace chatterbox::sidecar {
namespace {

constexpr const char* kConnection = "chatterbox-connection";
// For reading an answer, or the next piece of one, of many megabytes.
constexpr gint64 kAnswerUs = 300 * G_USEC_PER_SEC;
// For closing after the last byte of an answer: libsoup may have forgotten to.
constexpr gint64 kGoodbyeUs = 5 * G_USEC_PER_SEC;
// Pause before a listening socket that failed is tried again.
constexpr unsigned kRetryMs = 100;
// As many in a row; then others have their turn on the loop.
constexpr int kAtOnce = 64;
constexpr char kBusy[] =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    "Retry-After: 1\r\nConnection: close\r\nContent-Length: 71\r\n\r\n"
    "{\"error\":\"Too many connections\",\"message\":\"try again in a few seconds\"}";
// Connections that were refused stay open for a moment: closed with a request unread, the
// kernel would take the answer back.
constexpr std::size_t kMostRefused = 32;
// Files open without any connection: libraries, the model, databases, pipes.
constexpr int kOwnFiles = 128;
constexpr int kFilesPerWorker = 16;

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

// Best effort: the client may not be reading.
void say_busy(int fd) {
  [[maybe_unused]] const auto sent = ::send(fd, kBusy, sizeof kBusy - 1, MSG_DONTWAIT);
  ::shutdown(fd, SHUT_WR);
}

void read_and_close(int fd) {
  char bytes[4096];
  for (int i = 0; i < 16 && ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0; ++i) {
  }
  ::close(fd);
}

}  // namespace

int affordable_connections(int wanted, int workers) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  const auto own = rlim_t(kOwnFiles + workers * kFilesPerWorker);
  const rlim_t room = files.rlim_cur > own + 8 ? files.rlim_cur - own : 8;
  return int(std::min<rlim_t>(rlim_t(wanted), room));
}

HeldDescriptor::~HeldDescriptor() {
  if (fd >= 0) ::close(fd);
}

Connections::Connections(SoupServer* server, GSocket* listening, GTlsCertificate* certificate,
                         const ConnectionLimits& limits)
    : server_(SOUP_SERVER(g_object_ref(server))),
      listening_(G_SOCKET(g_object_ref(listening))),
      certificate_(certificate ? G_TLS_CERTIFICATE(g_object_ref(certificate)) : nullptr),
      limits_(limits),
      reserve_(open_reserve()) {
  g_socket_set_blocking(listening_, FALSE);
  g_signal_connect(
      server_, "request-started",
      G_CALLBACK(
          for_c([](SoupServer*, SoupServerMessage* message,
                   gpointer self) { static_cast<Connections*>(self)->started(message); },
                [](SoupServer*, SoupServerMessage* message, gpointer) { close_of(message); })),
      this);
  post_every(1000, [this] { sweep(); });
  watch();
}

Connections::~Connections() {
  if (source_) {
    g_source_destroy(source_);
    g_source_unref(source_);
  }
  while (!open_.empty()) drop(*open_.begin());
  for (const int fd : refused_) ::close(fd);
  if (reserve_ >= 0) ::close(reserve_);
  if (certificate_) g_object_unref(certificate_);
  g_object_unref(listening_);
  g_object_unref(server_);
}

void Connections::watch() {
  if (source_) g_source_unref(source_);
  source_ = g_socket_create_source(listening_, G_IO_IN, nullptr);
  g_source_set_callback(
      source_,
      G_SOURCE_FUNC(for_c(
          [](GSocket*, GIOCondition, gpointer self) -> gboolean {
            static_cast<Connections*>(self)->accept_all();
            return G_SOURCE_CONTINUE;
          },
          [](GSocket*, GIOCondition, gpointer) -> gboolean { return G_SOURCE_CONTINUE; })),
      this, nullptr);
  g_source_attach(source_, nullptr);
}

void Connections::accept_all() {
  for (int i = 0; i < kAtOnce && accept_one(); ++i) {
  }
}

bool Connections::accept_one() {
  const int fd = accept4(g_socket_get_fd(listening_), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EINTR || errno == ECONNABORTED) return true;
    if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) return false;
    // The reserve lets one in, to be told; without that its client would wait.
    if (reserve_ >= 0) ::close(reserve_);
    const int extra = accept4(g_socket_get_fd(listening_), nullptr, nullptr, SOCK_CLOEXEC);
    if (extra >= 0) {
      if (!certificate_) say_busy(extra);
      read_and_close(extra);
    }
    reserve_ = open_reserve();
    if (extra >= 0) return true;
    // Nothing can be taken now; watching would only spin.
    g_source_destroy(source_);
    g_timeout_add(kRetryMs, for_c([](gpointer self) -> gboolean {
                    static_cast<Connections*>(self)->watch();
                    return G_SOURCE_REMOVE;
                  }),
                  this);
    return false;
  }
  if (reserve_ < 0) reserve_ = open_reserve();
  try {
    take_in(fd);
  } catch (...) {
    log_exception("a connection");
  }
  return true;
}

void Connections::take_in(int fd) {
  HeldDescriptor held{fd};
  if (full_for(fd)) return refuse(held);
  const std::unique_ptr<GSocket, void (*)(gpointer)> socket(g_socket_new_from_fd(fd, nullptr),
                                                            g_object_unref);
  if (!socket) return;
  held.release();
  admit(socket.get());
}

void Connections::refuse(HeldDescriptor& held) {
  if (!certificate_) say_busy(held.fd);
  refused_.push_back(held.fd);
  held.release();
  if (refused_.size() > kMostRefused) {
    read_and_close(refused_.front());
    refused_.pop_front();
  }
}

void Connections::admit(GSocket* socket) {
  auto counted = std::make_unique<Connection>();
  counted->address = address_of(g_socket_get_fd(socket));
  int& same_address = of_address_[counted->address];
  open_.insert(counted.get());
  ++same_address;
  // From here on nothing throws.
  Connection* connection = counted.release();
  connection->owner = this;
  connection->stream = g_socket_connection_factory_create_connection(socket);
  connection->deadline_us = g_get_monotonic_time() + limits_.header_seconds * G_USEC_PER_SEC;
  g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, TRUE, nullptr);
  if (certificate_)
    shake_hands(connection);
  else
    serve(connection, G_IO_STREAM(connection->stream));
}

// TLS before HTTP; versions before 1.2 are not spoken.
void Connections::shake_hands(Connection* connection) {
  GIOStream* tls =
      g_tls_server_connection_new(G_IO_STREAM(connection->stream), certificate_, nullptr);
  if (!tls) return drop(connection);
  g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(tls), FALSE);
  // Until the handshake has ended the thread that makes it uses the socket: nobody closes it.
  connection->handshake = g_cancellable_new();
  g_tls_connection_handshake_async(
      G_TLS_CONNECTION(tls), G_PRIORITY_DEFAULT, connection->handshake,
      for_c([](GObject* source, GAsyncResult* result, gpointer data) {
        auto* done = static_cast<Connection*>(data);
        const bool stopped = g_cancellable_is_cancelled(done->handshake);
        g_clear_object(&done->handshake);
        const bool good =
            g_tls_connection_handshake_finish(G_TLS_CONNECTION(source), result, nullptr) &&
            g_tls_connection_get_protocol_version(G_TLS_CONNECTION(source)) >=
                G_TLS_PROTOCOL_VERSION_TLS_1_2;
        if (good && !stopped)
          done->owner->serve(done, G_IO_STREAM(source));
        else
          done->owner->drop(done);
        g_object_unref(source);
      }),
      connection);
}

void Connections::serve(Connection* connection, GIOStream* stream) {
  GSocketAddress* local = g_socket_connection_get_local_address(connection->stream, nullptr);
  GSocketAddress* remote = g_socket_connection_get_remote_address(connection->stream, nullptr);
  if (local && remote) {
    // libsoup hands out this very object with each message: how a message finds its connection.
    g_object_set_data(G_OBJECT(remote), kConnection, connection);
    // Gone as soon as the connection is: what is dropped tells its messages.
    g_object_set_data_full(G_OBJECT(connection->stream), kConnection, g_object_ref(remote),
                           [](gpointer address) {
                             g_object_set_data(G_OBJECT(address), kConnection, nullptr);
                             g_object_unref(address);
                           });
    connection->spoken = G_IO_STREAM(g_object_ref(stream));
    soup_server_accept_iostream(server_, stream, local, remote, nullptr);
  } else {
    drop(connection);  // it left before we looked
  }
  if (local) g_object_unref(local);
  if (remote) g_object_unref(remote);
}

Connections::Connection* Connections::connection_of(SoupServerMessage* message) {
  GSocketAddress* remote = soup_server_message_get_remote_address(message);
  return remote ? static_cast<Connection*>(g_object_get_data(G_OBJECT(remote), kConnection))
                : nullptr;
}

GSocket* Connections::socket_of(SoupServerMessage* message) {
  Connection* connection = connection_of(message);
  if (!connection) return nullptr;
  GSocket* socket = g_socket_connection_get_socket(connection->stream);
  return g_socket_is_closed(socket) ? nullptr : socket;
}

void Connections::close_of(SoupServerMessage* message) {
  // Not freed here: libsoup may be in the midst of using it. The next sweep does.
  if (GSocket* socket = socket_of(message)) g_socket_shutdown(socket, TRUE, TRUE, nullptr);
  if (Connection* connection = connection_of(message)) connection->ended = true;
}

void Connections::answer_early(SoupServerMessage* message, const std::string& answer) {
  const Connection* connection = connection_of(message);
  GSocket* socket = socket_of(message);
  if (!connection || !socket || !connection->spoken) return;
  GOutputStream* out = g_io_stream_get_output_stream(connection->spoken);
  if (!G_IS_POLLABLE_OUTPUT_STREAM(out)) return;
  // Nothing was sent before, so that there is room for it.
  g_pollable_output_stream_write_nonblocking(G_POLLABLE_OUTPUT_STREAM(out), answer.data(),
                                             answer.size(), nullptr, nullptr);
  g_socket_shutdown(socket, FALSE, TRUE, nullptr);
}

void Connections::started(SoupServerMessage* message) {
  // One request per connection, also where libsoup answers by itself. It clears the headers
  // after "100 Continue", so that they are set once more.
  const auto close_after = for_c([](SoupServerMessage* one, gpointer) {
    soup_message_headers_replace(soup_server_message_get_response_headers(one), "Connection",
                                 "close");
  });
  close_after(message, nullptr);
  g_signal_connect(message, "got-headers", G_CALLBACK(close_after), nullptr);
  g_signal_connect(message, "got-body", G_CALLBACK(close_after), nullptr);

  const auto wait = [message](const char* signal, GCallback callback) {
    g_signal_connect(message, signal, callback, nullptr);
  };
  wait("got-headers", G_CALLBACK(for_c([](SoupServerMessage* one, gpointer) {
         if (Connection* c = connection_of(one))
           c->deadline_us =
               g_get_monotonic_time() + c->owner->limits_.body_seconds * G_USEC_PER_SEC;
       })));
  wait("got-body", G_CALLBACK(for_c([](SoupServerMessage* one, gpointer) {
         if (Connection* c = connection_of(one)) c->deadline_us = 0;
       })));
  for (const char* progress : {"wrote-headers", "wrote-chunk"})
    wait(progress, G_CALLBACK(for_c([](SoupServerMessage* one, gpointer) {
           if (Connection* c = connection_of(one))
             c->deadline_us = g_get_monotonic_time() + kAnswerUs;
         })));
  wait("finished", G_CALLBACK(for_c([](SoupServerMessage* one, gpointer) {
         if (Connection* c = connection_of(one)) {
           c->answered = true;
           c->deadline_us = g_get_monotonic_time() + kGoodbyeUs;
           // libsoup closes it after this signal.
           c->owner->reap_soon();
         }
       })));
}

void Connections::reap_soon() {
  if (reaping_) return;
  post([this] {
    reaping_ = false;
    reap();
  });
  reaping_ = true;
}

// Forgets those that are closed.
void Connections::reap() {
  std::vector<Connection*> closed;
  for (Connection* connection : open_)
    if (g_socket_is_closed(g_socket_connection_get_socket(connection->stream)))
      closed.push_back(connection);
  for (Connection* connection : closed) drop(connection);
}

void Connections::sweep() {
  while (!refused_.empty()) {
    read_and_close(refused_.front());
    refused_.pop_front();
  }
  const gint64 now = g_get_monotonic_time();
  std::vector<Connection*> over;
  for (Connection* connection : open_) {
    GSocket* socket = g_socket_connection_get_socket(connection->stream);
    if (connection->handshake) {
      if (connection->deadline_us > now) continue;
      g_socket_shutdown(socket, TRUE, TRUE, nullptr);
      g_cancellable_cancel(connection->handshake);
    } else if (g_socket_is_closed(socket) || connection->ended ||
               (connection->deadline_us && connection->deadline_us < now) ||
               (connection->answered && peer_left(connection)))
      over.push_back(connection);
  }
  for (Connection* connection : over) drop(connection);
}

void Connections::drop(Connection* connection) {
  open_.erase(connection);
  if (const auto same = of_address_.find(connection->address);
      same != of_address_.end() && --same->second == 0)
    of_address_.erase(same);
  forget_keeper(connection);
  g_object_set_data(G_OBJECT(connection->stream), kConnection, nullptr);
  // libsoup reads or writes at most once more, fails, and lets go of it.
  g_socket_close(g_socket_connection_get_socket(connection->stream), nullptr);
  g_clear_object(&connection->spoken);
  g_object_unref(connection->stream);
  delete connection;
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics.h"

namespace chatterbox::sidecar {

// One request and its answer, which may come later: whoever keeps the pointer
// keeps the client waiting. Thread of the main loop only.
class HttpExchange {
 public:
  HttpExchange(SoupServerMessage* message, const char* path, GHashTable* query, Metrics& metrics);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const std::string& method() const { return method_; }
  // Parts of the path between slashes, without a leading "v2", "{endpoint}".
  const std::vector<std::string>& path() const { return path_; }
  std::string query(const char* name) const;
  // `name` of the query as a number, or `fallback`; kept within the bounds.
  std::int64_t query_number(const char* name, std::int64_t fallback, std::int64_t low,
                            std::int64_t high) const;
  // Who asks: the number of the key, or the address.
  std::string client() const;
  std::string header(const char* name) const;
  // Bytes of the body; not copied, and safe to read in any thread.
  std::shared_ptr<GBytes> body() const;
  // Nobody needs the body any more.
  void drop_body();

  void set_route(const char* route) { route_ = route; }
  void reply(int status, const char* content_type, std::string body);
  void reply_json(int status, std::string body) {
    reply(status, "application/json", std::move(body));
  }
  // {"error": ..., "message": ...}
  void reply_error(int status, const std::string& error, const std::string& message);
  void add_header(const char* name, const std::string& value);

  // An answer in pieces, as they come. `closed` is called when the client goes.
  void begin_stream(const char* content_type, std::function<void()> closed);
  void send_piece(std::string bytes);
  void end_stream();
  // Breaks the connection: what was sent is not all there is.
  void abort_stream();
  // Bytes given to send_piece() and not yet written.
  std::size_t unsent() const { return sent_ - written_; }
  // Called after bytes were written.
  void on_written(std::function<void()> written) { on_written_ = std::move(written); }

  // The client has closed its end: nobody hears an answer.
  bool client_left() const;

  bool answered() const { return answered_; }
  // The handler has returned: wait for the answer if there is none yet.
  void hold();

 private:
  void resume();
  static void on_wrote_chunk(SoupServerMessage*, gpointer self);
  static void on_finished(SoupServerMessage*, gpointer self);

  SoupServerMessage* message_;
  Metrics& metrics_;
  std::string method_;
  std::vector<std::string> path_;
  std::map<std::string, std::string> query_;
  std::string route_ = "other";
  gint64 began_us_;
  bool answered_ = false, held_ = false, streaming_ = false, closed_ = false;
  std::size_t sent_ = 0, written_ = 0;
  std::vector<std::size_t> pieces_;
  std::size_t pieces_written_ = 0;
  std::function<void()> on_closed_, on_written_;
};

using Exchange = std::shared_ptr<HttpExchange>;

// {"error": ..., "message": ...}
std::string error_json(const std::string& error, const std::string& message);

}  // namespace chatterbox::sidecar

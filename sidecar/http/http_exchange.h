// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libsoup/soup.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/byte_budget.h"
#include "http/request_body.h"
#include "metrics.h"

namespace chatterbox::sidecar {

// Budgets that every exchange is counted against.
struct Budgets {
  ByteBudget uploads, answers;
};

// One request and its answer, which may come later: the client waits as long as the pointer is
// kept. Thread of the main loop only.
class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
 public:
  // It ends in the thread of the main loop, whoever lets go of it last.
  static std::shared_ptr<HttpExchange> begin(SoupServerMessage* message, GHashTable* query,
                                             Metrics& metrics, Budgets& budgets);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const std::string& method() const { return method_; }
  // Parts of the path where its route has "{}", in order.
  const std::string& parameter(std::size_t number) const { return parameters_.at(number); }
  void set_parameters(std::vector<std::string> values) { parameters_ = std::move(values); }
  // The "{endpoint}" of a path that begins with "/v2/{endpoint}", else empty.
  std::string endpoint() const;
  std::string query(const char* name) const;
  // `name` of the query as a number, or `fallback`; kept within the bounds.
  std::int64_t query_number(const char* name, std::int64_t fallback, std::int64_t low,
                            std::int64_t high) const;
  // Owner of the request and of its results.
  const std::string& owner() const { return owner_; }
  // A part of the answer is asked for, not the whole.
  bool wants_range() const;
  std::string header(const char* name) const;
  // For a thread that may take its time to read it.
  std::shared_ptr<RequestBody> body() const { return RequestBody::of(message_); }
  // Nobody needs the body any more.
  void drop_body();

  // Name that the request is counted under: "run", ...
  void set_route(const char* metric) { route_ = metric; }
  void reply(int status, const char* content_type, std::string body);
  void reply_json(int status, std::string body) {
    reply(status, "application/json", std::move(body));
  }
  // {"error": ..., "message": ...}
  void reply_error(int status, const std::string& error, const std::string& message);
  void add_header(const char* name, const std::string& value);
  // Reserves memory for an answer that is about to be made; false, and the client is told to
  // come later, when too much is on its way to slow readers.
  bool reserve_answer(std::int64_t bytes);
  void release_answer();
  // The same for a stream whose reader is behind; false: no room, and nobody is told.
  bool reserve_unsent(std::int64_t bytes) { return budgets_.answers.take(message_, owner_, bytes); }

  // An answer in pieces, as they come; of `length` bytes when that is known. `closed` is called
  // when the client goes.
  void begin_stream(const char* content_type, std::function<void()> closed,
                    std::optional<std::int64_t> length = std::nullopt);
  void send_piece(std::string bytes);
  void end_stream();
  // Breaks the connection: what was sent is not all there is.
  void abort_stream();
  // The answer when making one failed: 500, or the end of what was begun. Throws nothing and asks
  // for no memory.
  void give_up() noexcept;
  // Bytes given to send_piece() and not yet written. A piece that cannot be kept ends the stream.
  std::size_t unsent() const { return sent_ - written_; }
  // Called after bytes were written.
  void on_written(std::function<void()> written) { on_written_ = std::move(written); }
  bool closed() const { return closed_; }

  // The client has closed its end: nobody hears an answer.
  bool client_left() const;

  bool answered() const { return answered_; }
  // The handler has returned: wait for the answer if there is none yet.
  void hold();

 private:
  HttpExchange(SoupServerMessage* message, GHashTable* query, Metrics& metrics, Budgets& budgets);
  void read_query(GHashTable* query);
  void resume();
  void append_held(std::string text);
  // Cuts `body` down to the one range that was asked for; the status that then fits.
  int apply_range(int status, std::string& body);
  void set_common_headers(const char* content_type);
  static void on_wrote_chunk(SoupServerMessage*, gpointer self);
  static void on_finished(SoupServerMessage*, gpointer self);

  SoupServerMessage* message_;
  Metrics& metrics_;
  Budgets& budgets_;
  std::string method_, owner_;
  std::vector<std::string> parameters_;
  std::map<std::string, std::string> query_;
  const char* route_ = "other";
  gint64 began_us_;
  bool answered_ = false, held_ = false, streaming_ = false, closed_ = false, reserved_ = false;
  std::size_t sent_ = 0, written_ = 0;
  std::deque<std::size_t> pieces_;
  std::function<void()> on_closed_, on_written_;
};

using Exchange = std::shared_ptr<HttpExchange>;

// Answers 500 to a message that has no answer yet, and closes the connection of others. Throws
// nothing and asks for no memory.
void give_up(SoupServerMessage* message) noexcept;

// {"error": ..., "message": ...}
std::string error_json(const std::string& error, const std::string& message);

// Parts of a path between slashes, without a leading "v2", "{endpoint}".
std::vector<std::string> path_parts(const char* path);

// Data of a message, from its headers on.
inline constexpr const char* kOwnerData = "chatterbox-owner";
inline constexpr const char* kRangeData = "chatterbox-range";

}  // namespace chatterbox::sidecar

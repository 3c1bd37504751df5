// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "jobs/postgres/pg_connection.h"

namespace chatterbox::sidecar {

// Messages between servers on one database, by NOTIFY and LISTEN: quick, and lost when the
// connection is. Only how soon something is noticed may depend on them.
class PgBulletin {
 public:
  struct Hooks {
    std::function<void(const std::string& message)> heard;
    // Messages may have been lost.
    std::function<void()> missed;
  };
  explicit PgBulletin(std::string address);
  ~PgBulletin();
  PgBulletin(const PgBulletin&) = delete;
  PgBulletin& operator=(const PgBulletin&) = delete;

  void begin(Hooks hooks);
  // To all servers but this one: a kind of news, and of what. Any thread; waits for nothing, and
  // throws nothing, as what is told has happened already.
  void tell(char kind, std::string_view id = {}) noexcept;

 private:
  void loop();
  // Until the connection is gone; true when all is to end.
  bool converse();
  bool listen(PgConnection& connection);
  void send(PgConnection& connection);
  bool pause(int milliseconds);

  const std::string address_;
  Hooks hooks_;
  // Readable when there is something to send, or the end.
  int wake_ = -1;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<std::string> outgoing_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <libpq-fe.h>

#include <concepts>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/storage_error.h"

namespace chatterbox::sidecar {

// A refusal by PostgreSQL, and whether the same transaction may succeed when it is made again.
class PgError : public StorageError {
 public:
  PgError(const std::string& message, bool again) : StorageError(message), again_(again) {}
  bool again() const { return again_; }

 private:
  bool again_;
};

// Rows of an answer.
class PgRows {
 public:
  explicit PgRows(PGresult* result) : result_(result, PQclear) {}
  int count() const { return PQntuples(result_.get()); }
  std::int64_t integer(int row, int column) const;
  std::string text(int row, int column) const;

 private:
  std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
};

// One connection. Not for two threads at once.
class PgConnection {
 public:
  // Throws PgError when there is no server at `address`, or none for us.
  explicit PgConnection(const std::string& address);
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  // Several statements without parameters.
  void execute(const char* sql);
  // From now on answers may take as long as they do.
  void be_patient() { patient_ = true; }
  // Nothing is known of what the other end has done: not to be used any more.
  void give_up() { broken_ = true; }
  // Whether the other end still seems to be there; costs no round trip.
  bool alive();
  // A statement failed in a way that leaves nothing to be done with this connection.
  bool broken() const { return broken_ || PQstatus(handle_.get()) != CONNECTION_OK; }
  PGconn* handle() const { return handle_.get(); }

 private:
  friend class PgQuery;
  // The name that a statement was prepared as.
  const std::string& prepared(const char* sql);
  // The answer to a statement that was `sent`.
  PGresult* answer(int sent);
  PGresult* checked(PGresult* result);

  std::unique_ptr<PGconn, void (*)(PGconn*)> handle_;
  std::map<std::string, std::string> prepared_;
  int names_ = 0;
  bool broken_ = false, patient_ = false;
};

// A statement, its values bound in order; used once.
class PgQuery {
 public:
  PgQuery(PgConnection& connection, const char* sql) : connection_(connection), sql_(sql) {}
  // Text that PostgreSQL would not take (half a character, a zero) is mended.
  PgQuery& bind(std::string_view text);
  PgQuery& bind_bytes(std::string_view bytes);
  PgQuery& bind(const std::vector<std::string>& texts);
  PgQuery& bind(const std::vector<std::int64_t>& numbers);
  template <std::integral Number>
  PgQuery& bind(Number number) {
    return bind_raw(std::to_string(number));
  }
  PgRows run();

 private:
  PgQuery& bind_raw(std::string text);

  PgConnection& connection_;
  const char* sql_;
  // A deque: what is bound stays where it is.
  std::deque<std::string> held_;
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
};

// All or nothing: rolled back unless committed.
class PgTransaction {
 public:
  explicit PgTransaction(PgConnection& connection) : connection_(connection) {
    connection_.execute("BEGIN");
  }
  ~PgTransaction();
  void commit() {
    open_ = false;
    connection_.execute("COMMIT");
  }

 private:
  PgConnection& connection_;
  bool open_ = true;
};

}  // namespace chatterbox::sidecar

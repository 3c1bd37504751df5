// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "jobs/storage_error.h"

namespace chatterbox::sidecar {

// One SQLite connection. Not for two threads at once.
class Database {
 public:
  // Opens or makes the file. `full_sync` waits for the disk at every commit.
  Database(const std::string& path, bool full_sync);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql);
  // Rows that the last statement changed.
  std::int64_t changes() const { return sqlite3_changes64(handle_); }
  sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

// A prepared statement, its values bound in order; used once.
class Query {
 public:
  Query(Database& database, const char* sql);
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // The text must live until the query ends.
  Query& bind(std::string_view text);
  template <std::integral Number>
  Query& bind(Number number) {
    return bind_integer(std::int64_t(number));
  }

  // True while there is a row.
  bool next();
  void run() {
    while (next()) {
    }
  }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const;

 private:
  Query& bind_integer(std::int64_t number);

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

// All or nothing: rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {
    database_.execute("BEGIN IMMEDIATE");
  }
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/sqlite/database.h"

namespace chatterbox::sidecar {
namespace {

// Time that a statement waits for another process. Our own threads wait for each
// other elsewhere, so this is spent only when someone else is in the file.
constexpr int kBusyMs = 50;
// Statements we send are ours; this bounds what one value may be.
constexpr int kMaxValueBytes = 512 << 20;

[[noreturn]] void fail(sqlite3* handle, const char* what) {
  const int code = handle ? sqlite3_errcode(handle) : SQLITE_NOMEM;
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) report_storage_damage();
  throw StorageError(std::string(what) + ": " + (handle ? sqlite3_errmsg(handle) : "no memory"));
}

}  // namespace

Database::Database(const std::string& path, bool full_sync) {
  if (sqlite3_open_v2(path.c_str(), &handle_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK) {
    const std::string message = handle_ ? sqlite3_errmsg(handle_) : "no memory";
    sqlite3_close(handle_);
    throw StorageError("cannot open " + path + ": " + message);
  }
  sqlite3_busy_timeout(handle_, kBusyMs);
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  try {
    // A process that is killed loses nothing in either mode; FULL also outlives
    // a power cut, at the price of a disk's sync per request.
    execute("PRAGMA auto_vacuum=INCREMENTAL");
    execute("PRAGMA journal_mode=WAL");
    execute(full_sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    execute("PRAGMA cache_size=-8192");
    // Some builds overwrite what is deleted, which needs as much room as it frees.
    execute("PRAGMA secure_delete=FAST");
    execute("PRAGMA journal_size_limit=16777216");
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

Database::~Database() { sqlite3_close(handle_); }

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_, sql);
}

Query::Query(Database& database, const char* sql) : database_(database) {
  if (sqlite3_prepare_v2(database.handle(), sql, -1, &statement_, nullptr) != SQLITE_OK)
    fail(database.handle(), sql);
}

Query& Query::bind(std::string_view text) {
  if (sqlite3_bind_text64(statement_, ++bound_, text.data() ? text.data() : "", text.size(),
                          SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
    fail(database_.handle(), "bind");
  return *this;
}

Query& Query::bind_integer(std::int64_t number) {
  if (sqlite3_bind_int64(statement_, ++bound_, number) != SQLITE_OK)
    fail(database_.handle(), "bind");
  return *this;
}

bool Query::next() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  fail(database_.handle(), sqlite3_sql(statement_));
}

std::string Query::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  return text ? std::string(reinterpret_cast<const char*>(text),
                            std::size_t(sqlite3_column_bytes(statement_, column)))
              : std::string();
}

Transaction::~Transaction() {
  // A failed COMMIT may already have rolled back; then this is refused, rightly.
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace chatterbox::sidecar

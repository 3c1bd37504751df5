// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/postgres/pg_connection.h"

#include <glib.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace chatterbox::sidecar {
namespace {

std::string trimmed(const char* text) {
  std::string line = text ? text : "";
  while (!line.empty() && line.back() == '\n') line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

// A silent machine is noticed within seconds. Settings in the address take precedence.
constexpr std::array<const char*, 8> kNames{"connect_timeout",
                                            "keepalives_idle",
                                            "keepalives_interval",
                                            "keepalives_count",
                                            "tcp_user_timeout",
                                            "client_encoding",
                                            "options",
                                            "dbname"};
// Every statement is meant to go through an index, whatever the statistics say of the moment, and
// sees what was committed before it. A machine that is gone without a word keeps neither locks nor
// its connections.
constexpr const char* kOptions =
    "-c statement_timeout=15s -c enable_seqscan=off -c enable_hashjoin=off "
    "-c enable_mergejoin=off -c jit=off -c plan_cache_mode=force_generic_plan "
    "-c default_transaction_isolation=read\\ committed "
    "-c idle_in_transaction_session_timeout=10s -c tcp_keepalives_idle=5 "
    "-c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=10000";

// For one answer. Less than a lease, and more than a statement may take there.
constexpr auto kMostWait = std::chrono::seconds(20);

}  // namespace

std::int64_t PgRows::integer(int row, int column) const {
  const auto* bytes =
      reinterpret_cast<const unsigned char*>(PQgetvalue(result_.get(), row, column));
  const int length = PQgetlength(result_.get(), row, column);
  // Big-endian, of 1 to 8 bytes.
  std::uint64_t value = length > 0 && (bytes[0] & 0x80) ? ~std::uint64_t(0) : 0;
  for (int i = 0; i < length; ++i) value = (value << 8) | bytes[i];
  return std::int64_t(value);
}

std::string PgRows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          std::size_t(PQgetlength(result_.get(), row, column))};
}

PgConnection::PgConnection(const std::string& address) : handle_(nullptr, PQfinish) {
  std::array<const char*, 9> names{},
      values{"5", "5", "2", "3", "10000", "UTF8", kOptions, address.c_str()};
  std::copy(kNames.begin(), kNames.end(), names.begin());
  handle_.reset(PQconnectdbParams(names.data(), values.data(), 1));
  if (!handle_ || PQstatus(handle_.get()) != CONNECTION_OK)
    throw PgError("cannot connect: " + trimmed(handle_ ? PQerrorMessage(handle_.get()) : nullptr),
                  false);
  PQsetNoticeProcessor(
      handle_.get(), [](void*, const char*) {}, nullptr);
}

bool PgConnection::alive() {
  if (broken()) return false;
  pollfd socket{PQsocket(handle_.get()), POLLIN, 0};
  // Nothing is expected: what can be read is most likely the end.
  if (poll(&socket, 1, 0) > 0) PQconsumeInput(handle_.get());
  return !broken();
}

PGresult* PgConnection::checked(PGresult* result) {
  const auto status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
  const std::unique_ptr<PGresult, void (*)(PGresult*)> refusal(result, PQclear);
  const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = code ? code : "";
  // The server ends, or has become one that only reads: another may have its place.
  if (state.starts_with("57P") || state == "25006") broken_ = true;
  throw PgError(trimmed(PQerrorMessage(handle_.get())), state == "40001" || state == "40P01");
}

// A machine that has stopped, or a network that swallows, must not keep a thread for ever.
PGresult* PgConnection::answer(int sent) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + kMostWait;
  PGconn* handle = handle_.get();
  PGresult* last = nullptr;
  int unsent = sent ? PQflush(handle) : -1;
  while (unsent >= 0) {
    while (unsent == 0 && !PQisBusy(handle)) {
      PGresult* result = PQgetResult(handle);
      if (!result) return checked(last);
      // The first failure of several statements counts, else the last answer.
      const bool failed = last && PQresultStatus(last) == PGRES_FATAL_ERROR;
      PQclear(failed ? result : last);
      if (!failed) last = result;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd socket{PQsocket(handle), short(unsent ? POLLIN | POLLOUT : POLLIN), 0};
    if (!patient_ && (left.count() <= 0 || poll(&socket, 1, int(left.count())) == 0)) {
      PQclear(last);
      broken_ = true;
      throw PgError("expected an answer of the database within 20 s, got none", false);
    }
    if (patient_) poll(&socket, 1, -1);
    if ((socket.revents & ~POLLOUT) && !PQconsumeInput(handle)) break;
    if (unsent) unsent = PQflush(handle);
  }
  PQclear(last);
  broken_ = true;
  throw PgError(trimmed(PQerrorMessage(handle)), false);
}

void PgConnection::execute(const char* sql) { PQclear(answer(PQsendQuery(handle_.get(), sql))); }

const std::string& PgConnection::prepared(const char* sql) {
  const auto known = prepared_.find(sql);
  if (known != prepared_.end()) return known->second;
  // Never the name of one whose preparation failed on its way.
  std::string name = std::to_string(names_++);
  PQclear(answer(PQsendPrepare(handle_.get(), name.c_str(), sql, 0, nullptr)));
  return prepared_[sql] = std::move(name);
}

PgQuery& PgQuery::bind_raw(std::string text) {
  held_.push_back(std::move(text));
  values_.push_back(held_.back().c_str());
  lengths_.push_back(0);
  formats_.push_back(0);
  return *this;
}

PgQuery& PgQuery::bind(std::string_view text) {
  std::string whole(text.substr(0, text.find('\0')));
  if (!g_utf8_validate_len(whole.data(), whole.size(), nullptr)) {
    gchar* valid = g_utf8_make_valid(whole.data(), gssize(whole.size()));
    whole = valid;
    g_free(valid);
  }
  return bind_raw(std::move(whole));
}

PgQuery& PgQuery::bind_bytes(std::string_view bytes) {
  values_.push_back(bytes.data() ? bytes.data() : "");
  lengths_.push_back(int(bytes.size()));
  formats_.push_back(1);
  return *this;
}

PgQuery& PgQuery::bind(const std::vector<std::string>& texts) {
  std::string array = "{";
  for (const std::string& text : texts) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return bind(std::string_view(array + "}"));
}

PgQuery& PgQuery::bind(const std::vector<std::int64_t>& numbers) {
  std::string array = "{";
  for (const std::int64_t number : numbers) {
    if (array.size() > 1) array += ',';
    array += std::to_string(number);
  }
  array += '}';
  return bind_raw(std::move(array));
}

PgRows PgQuery::run() {
  const std::string& name = connection_.prepared(sql_);
  return PgRows(connection_.answer(PQsendQueryPrepared(connection_.handle(), name.c_str(),
                                                       int(values_.size()), values_.data(),
                                                       lengths_.data(), formats_.data(), 1)));
}

PgTransaction::~PgTransaction() {
  if (!open_) return;
  try {
    connection_.execute("ROLLBACK");
  } catch (...) {
    // The connection goes, and the transaction with it.
    connection_.give_up();
  }
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/postgres/pg_bulletin.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "barrier.h"
#include "log.h"
#include "named_thread.h"

namespace chatterbox::sidecar {
namespace {

// While nobody takes them, older messages are of no use to anybody.
constexpr std::size_t kMostOutgoing = 10'000;
constexpr int kPauseMs = 500;

}  // namespace

PgBulletin::PgBulletin(std::string address)
    : address_(std::move(address)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw StorageError("expected a descriptor for events, got none");
}

PgBulletin::~PgBulletin() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    eventfd_write(wake_, 1);
  }
  if (thread_.joinable()) thread_.join();
  close(wake_);
}

void PgBulletin::begin(Hooks hooks) {
  hooks_ = std::move(hooks);
  thread_ = named_thread("bulletin", [this] { loop(); });
}

void PgBulletin::tell(char kind, std::string_view id) noexcept {
  run_guarded("telling other servers", [&] {
    std::string message = kind + std::string(id);
    const std::lock_guard lock(mutex_);
    if (outgoing_.size() >= kMostOutgoing) return;
    if (std::find(outgoing_.begin(), outgoing_.end(), message) != outgoing_.end()) return;
    outgoing_.push_back(std::move(message));
    eventfd_write(wake_, 1);
  });
}

void PgBulletin::send(PgConnection& connection) {
  std::vector<std::string> messages;
  {
    const std::lock_guard lock(mutex_);
    messages.swap(outgoing_);
  }
  if (messages.empty()) return;
  PgQuery(connection, "SELECT pg_notify('chatterbox', message) FROM unnest($1::text[]) message")
      .bind(messages)
      .run();
}

bool PgBulletin::pause(int milliseconds) {
  pollfd woken{wake_, POLLIN, 0};
  if (milliseconds > 0) poll(&woken, 1, milliseconds);
  eventfd_t count = 0;
  eventfd_read(wake_, &count);
  const std::lock_guard lock(mutex_);
  return ending_;
}

bool PgBulletin::listen(PgConnection& connection) {
  // A message that a crash of the database's machine takes along is no loss.
  connection.execute("SET synchronous_commit = off; LISTEN chatterbox");
  hooks_.missed();
  PGconn* handle = connection.handle();
  for (;;) {
    send(connection);
    while (const std::unique_ptr<PGnotify, void (*)(void*)> told{PQnotifies(handle), PQfreemem})
      if (told->be_pid != PQbackendPID(handle)) hooks_.heard(told->extra);
    std::array<pollfd, 2> sources{{{wake_, POLLIN, 0}, {PQsocket(handle), POLLIN, 0}}};
    poll(sources.data(), sources.size(), -1);
    if (pause(0)) return true;
    if (sources[1].revents && !PQconsumeInput(handle))
      throw StorageError("the connection that hears of other servers is gone");
  }
}

bool PgBulletin::converse() {
  try {
    PgConnection connection(address_);
    return listen(connection);
  } catch (const StorageError& error) {
    log(Level::kDebug, std::string("no news of other servers: ") + error.what());
    return false;
  }
}

void PgBulletin::loop() {
  for (;;) {
    bool over = false;
    // News that was missed is found by looking, once the next connection says so.
    run_guarded("hearing of other servers", [&] { over = converse(); });
    if (over) return;
    for (int waited = 0; waited < kPauseMs; waited += kPauseMs / 5) {
      if (pause(0)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs / 5));
    }
  }
}

}  // namespace chatterbox::sidecar

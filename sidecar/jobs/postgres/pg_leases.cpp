// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/postgres/pg_leases.h"

#include <algorithm>
#include <set>
#include <vector>

#include "barrier.h"
#include "jobs/postgres/pg_schema.h"
#include "log.h"

namespace chatterbox::sidecar {

PgLeases::PgLeases(PgPool& pool, std::string server, int workers, std::int64_t lease_ms)
    : pool_(pool), server_(std::move(server)), workers_(workers), lease_(lease_ms) {}

void PgLeases::begin(Lost lost) {
  lost_ = std::move(lost);
  constexpr Clock::duration kSecond = std::chrono::seconds(1);
  const auto soon = std::min<Clock::duration>(lease_ / 6, kSecond);
  renewing_.emplace("leases", soon, [this, soon]() -> Clock::duration {
    try {
      renew();
      return lease_ / 3;
    } catch (const StorageError&) {
      // The pool has told; it is tried again soon.
      return soon;
    }
  });
  const auto look = std::min<Clock::duration>(lease_ / 10, kSecond);
  watching_.emplace("lost leases", look, [this, look] {
    give_up_late();
    return look;
  });
}

void PgLeases::hold(const std::string& id, std::int64_t epoch, Clock::time_point asked) {
  const std::lock_guard lock(mutex_);
  held_[{id, epoch}] = asked + lease_;
}

void PgLeases::offer(const std::vector<ModelOffer>& offers) {
  const std::lock_guard lock(mutex_);
  offers_ = offers;
}

void PgLeases::drop(const std::string& id, std::int64_t epoch) noexcept {
  run_guarded("giving a lease back", [&] {
    const Start start(id, epoch);
    const std::lock_guard lock(mutex_);
    held_.erase(start);
  });
}

void PgLeases::tell_lost(const Start& start) {
  {
    const std::lock_guard lock(mutex_);
    if (!held_.contains(start)) return;
  }
  // Held until its worker knows: when that fails the next look tells it.
  lost_(start.first, start.second);
  drop(start.first, start.second);
  log(Level::kWarning, "job " + start.first + ": its lease is lost, this start of it ends");
}

void PgLeases::renew() {
  std::vector<std::string> ids;
  std::vector<std::int64_t> epochs;
  std::vector<std::string> models, types;
  {
    const std::lock_guard lock(mutex_);
    for (const ModelOffer& offer : offers_) {
      models.push_back(offer.model);
      types.push_back(offer.type);
    }
    for (const auto& [start, until] : held_) {
      ids.push_back(start.first);
      epochs.push_back(start.second);
    }
  }
  const auto asked = Clock::now();
  std::set<Start> renewed;
  std::string fault;
  pool_.with([&](PgConnection& connection) {
    renewed.clear();
    if (fault = pg_version_fault(connection); !fault.empty()) return 0;
    PgQuery(connection,
            "INSERT INTO chatterbox.servers AS s VALUES($1, $2, chatterbox.now_ms()) "
            "ON CONFLICT (id) DO UPDATE SET workers = excluded.workers, seen_ms = excluded.seen_ms")
        .bind(server_)
        .bind(workers_)
        .run();
    if (!models.empty())
      PgQuery(connection,
              "INSERT INTO chatterbox.offers AS o SELECT model, type, chatterbox.now_ms() "
              "FROM unnest($1::text[], $2::text[]) AS own(model, type) ORDER BY model, type "
              "ON CONFLICT (model, type) DO UPDATE SET seen_ms = excluded.seen_ms")
          .bind(models)
          .bind(types)
          .run();
    if (ids.empty()) return 0;
    const PgRows rows = PgQuery(connection,
                                "UPDATE chatterbox.jobs j SET lease_ms = chatterbox.now_ms() + $3 "
                                "FROM unnest($1::text[], $2::bigint[]) AS held(id, epoch) "
                                "WHERE j.id = held.id AND j.epoch = held.epoch AND j.state = 1 "
                                "RETURNING j.id, j.epoch")
                            .bind(ids)
                            .bind(epochs)
                            .bind(lease_.count())
                            .run();
    for (int row = 0; row < rows.count(); ++row)
      renewed.insert({rows.text(row, 0), rows.integer(row, 1)});
    return 0;
  });
  // Its jobs are the others' once their leases are over.
  if (!fault.empty()) return pool_.refuse(fault);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Start start{ids[i], epochs[i]};
    if (!renewed.contains(start)) {
      tell_lost(start);
      continue;
    }
    const std::lock_guard lock(mutex_);
    if (const auto held = held_.find(start); held != held_.end()) held->second = asked + lease_;
  }
}

// The database is away for longer than it waits for us: others may have what was ours.
void PgLeases::give_up_late() {
  std::vector<Start> late;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [start, until] : held_)
      if (until <= Clock::now()) late.push_back(start);
  }
  for (const Start& start : late) tell_lost(start);
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of SqliteJobStore that workers use: claims, pieces of output, results.
#include <algorithm>

#include "jobs/sqlite/sqlite_store.h"

namespace chatterbox::sidecar {
namespace {

// Results are kept, and read again, in pieces of this size.
constexpr std::size_t kPartBytes = 256 << 10;

}  // namespace

std::optional<Claim> SqliteJobStore::claim_for(const std::vector<ModelOffer>&) {
  const std::lock_guard lock(mutex_);
  if (counts_.queued == 0) return std::nullopt;
  const std::vector<std::string> wait = overfull_owners(of_owner_, shares_.of(limits_.kept_bytes));
  std::string sql =
      "SELECT jobs.id, turn, body, object FROM jobs JOIN inputs USING(id) WHERE state = 0 ";
  for (std::size_t i = 0; i < wait.size(); ++i) sql += "AND client <> ? ";
  sql += "ORDER BY low_priority, turn, number LIMIT 1";
  Transaction transaction(database_);
  Claim claim;
  std::int64_t turn = 0;
  {
    Query next(database_, sql.c_str());
    for (const std::string& owner : wait) next.bind(owner);
    if (!next.next()) {
      if (wait.empty()) recount();
      return std::nullopt;
    }
    claim.job.id = next.text(0);
    turn = next.integer(1);
    claim.request = next.text(2);
    claim.request_object = next.text(3);
  }
  Query(database_,
        "UPDATE jobs SET state = 1, attempts = attempts + 1, epoch = epoch + 1, started_ms = ? "
        "WHERE id = ?")
      .bind(now_ms())
      .bind(claim.job.id)
      .run();
  // Only those pieces of an earlier start are kept that the client has: to be compared.
  Query(database_,
        "DELETE FROM chunks WHERE id = ? AND number >= (SELECT delivered FROM jobs WHERE id = ?)")
      .bind(claim.job.id)
      .bind(claim.job.id)
      .run();
  claim.job = *find_job(database_, "", claim.job.id);
  transaction.commit();
  turn_ = std::max(turn_, turn);
  count(claim.job.owner, [&](JobCounts& counts) {
    --counts.queued;
    counts.queued_bytes -= claim.job.input_bytes;
    ++counts.running;
  });
  return claim;
}

bool SqliteJobStore::is_current(const Job& job) {
  const std::lock_guard lock(mutex_);
  const auto now = find_job(database_, "", job.id);
  return now && now->state == JobState::kInProgress && now->epoch == job.epoch;
}

ChunkFate SqliteJobStore::add_chunk(const Job& job, int number, std::string_view json) {
  const std::lock_guard lock(mutex_);
  const auto now = find_job(database_, "", job.id);
  if (!now || now->state != JobState::kInProgress || now->epoch != job.epoch)
    return ChunkFate::kStale;
  {
    Query known(database_, "SELECT body FROM chunks WHERE id = ? AND number = ?");
    known.bind(job.id).bind(number);
    if (known.next()) return known.text(0) == json ? ChunkFate::kKept : ChunkFate::kDiffers;
  }
  need_room(json.size(), 1);
  Query(database_, "INSERT INTO chunks(id, number, body) VALUES(?, ?, ?)")
      .bind(job.id)
      .bind(number)
      .bind(json)
      .run();
  return ChunkFate::kKept;
}

void SqliteJobStore::write_output(const std::string& id, const Output& kept) {
  Query(database_, "DELETE FROM outputs WHERE id = ?").bind(id).run();
  if (!kept.object.name.empty()) {
    keep_object(kept.object.name);
    Query(database_, "INSERT INTO outputs(id, number, body, object) VALUES(?,0,'',?)")
        .bind(id)
        .bind(kept.object.name)
        .run();
    return;
  }
  std::string_view output = kept.json;
  for (int number = 0; !output.empty(); ++number) {
    const std::string_view part = output.substr(0, kPartBytes);
    output.remove_prefix(part.size());
    Query(database_, "INSERT INTO outputs(id, number, body) VALUES(?,?,?)")
        .bind(id)
        .bind(number)
        .bind(part)
        .run();
  }
}

bool SqliteJobStore::finish(const Job& job, JobState state, const Output& output,
                            const std::string& error, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  if (!output.json.empty()) need_room(output.json.size(), 1);
  Transaction transaction(database_);
  if (!end(job, state, error, detail, job.epoch)) return false;
  write_output(job.id, output);
  Query(database_, "UPDATE jobs SET output_bytes = ? WHERE id = ?")
      .bind(output.bytes())
      .bind(job.id)
      .run();
  transaction.commit();
  count(job.owner, [&](JobCounts& counts) {
    --counts.running;
    counts.kept_bytes += output.bytes();
  });
  return true;
}

void SqliteJobStore::put_back(const Job& job) {
  const std::lock_guard lock(mutex_);
  Query(database_,
        "UPDATE jobs SET state = 0, turn = 0, started_ms = 0, attempts = attempts - 1, "
        "epoch = epoch + 1 WHERE id = ? AND state = 1 AND epoch = ?")
      .bind(job.id)
      .bind(job.epoch)
      .run();
  recount();
}

}  // namespace chatterbox::sidecar

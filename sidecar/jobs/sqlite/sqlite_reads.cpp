// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The part of SqliteJobStore that clients read: rows, results, streams, counts.
#include "jobs/sqlite/sqlite_store.h"

namespace chatterbox::sidecar {
namespace {

// Most of one /stream answer; the rest comes with the next.
constexpr std::size_t kStreamAnswerBytes = 2 << 20;

}  // namespace

std::optional<Job> SqliteJobStore::find(const std::string& owner, const std::string& id) {
  const std::lock_guard lock(reader_mutex_);
  return find_job(reader_, owner, id);
}

std::int64_t SqliteJobStore::output_bytes(const std::string& id) {
  const std::lock_guard lock(reader_mutex_);
  Query query(reader_, "SELECT output_bytes FROM jobs WHERE id = ?");
  query.bind(id);
  return query.next() ? query.integer(0) : 0;
}

std::string SqliteJobStore::output_part(const std::string& id, int number) {
  const std::lock_guard lock(reader_mutex_);
  Query query(reader_, "SELECT body FROM outputs WHERE id = ? AND number = ?");
  query.bind(id).bind(number);
  return query.next() ? query.text(0) : "";
}

bool SqliteJobStore::begin_reading(const std::string& id) {
  held_.add(id);
  // A result that was about to be deleted is gone now, and one that is there is held.
  const std::lock_guard lock(reader_mutex_);
  try {
    Query query(reader_, "SELECT 1 FROM jobs WHERE id = ?");
    query.bind(id);
    if (query.next()) return true;
  } catch (...) {
    held_.remove(id);
    throw;
  }
  held_.remove(id);
  return false;
}

std::optional<StreamNews> SqliteJobStore::take_stream(const std::string& owner,
                                                      const std::string& id) {
  const std::lock_guard lock(mutex_);
  StreamNews news;
  const auto job = find_job(database_, owner, id);
  if (!job) return std::nullopt;
  news.job = *job;
  std::int64_t delivered = 0, made = 0;
  {
    // A start after the first makes anew what is delivered already; that is not counted twice.
    Query query(database_,
                "SELECT delivered, (SELECT COUNT(*) FROM chunks WHERE id = jobs.id) "
                "FROM jobs WHERE id = ?");
    query.bind(id);
    query.next();
    delivered = query.integer(0);
    made = query.integer(1);
  }
  const std::int64_t before = delivered;
  if (made == 0 && delivered == 0 && job->state == JobState::kCompleted) {
    news.whole_output = true;
    delivered = made = 1;
  } else if (made > delivered) {
    Query query(database_, "SELECT body FROM chunks WHERE id = ? AND number >= ? ORDER BY number");
    query.bind(id).bind(delivered);
    std::size_t bytes = 0;
    while (bytes < kStreamAnswerBytes && query.next()) {
      news.chunks.push_back(query.text(0));
      bytes += news.chunks.back().size();
      ++delivered;
    }
  }
  news.ended = is_final(job->state) && delivered >= made;
  if (news.ended && job->state == JobState::kCancelled) {
    // One more than there are: the end has been delivered too.
    news.told_cancelled = delivered > made;
    delivered = made + 1;
  }
  if (delivered != before)
    Query(database_, "UPDATE jobs SET delivered = ? WHERE id = ?").bind(delivered).bind(id).run();
  return news;
}

JobCounts SqliteJobStore::counts() {
  const std::lock_guard lock(counts_mutex_);
  return counts_;
}

JobCounts SqliteJobStore::counts(const std::string& owner) {
  const std::lock_guard lock(counts_mutex_);
  const auto found = of_owner_.find(owner);
  return found == of_owner_.end() ? JobCounts() : found->second;
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/database.h"
#include "jobs/job.h"

namespace chatterbox::sidecar {

struct StoreLimits {
  int queued = 1000;
  std::int64_t queued_bytes = std::int64_t(2) << 30;
  std::int64_t result_ms = 1'800'000;
  std::int64_t sync_result_ms = 60'000;
  int attempts = 3;
  bool power_safe = false;
};

// A job that a worker has begun.
struct Claim {
  Job job;
  std::string request;
};

// News of a job for /stream.
struct StreamNews {
  Job job;
  // JSON values not delivered before, oldest first.
  std::vector<std::string> chunks;
  // The job has ended and nothing is left to deliver.
  bool ended = false;
  // It was CANCELLED, and a call before this one has said so.
  bool told_cancelled = false;
};

struct JobCounts {
  std::int64_t queued = 0, queued_bytes = 0, running = 0;
  std::int64_t completed = 0, failed = 0, cancelled = 0, timed_out = 0, retried = 0;
};

// Jobs on disk: what a call has returned survives kill -9. Everything else (who
// works on what, who waits) is rebuilt from it. Any thread may call; each call
// is one short transaction. All throw StorageError.
class JobStore {
 public:
  JobStore(const std::string& path, const StoreLimits& limits);

  // Puts a job in the queue; false when that is full.
  bool add(const NewJob& job);
  // Keeps a job that failed before it could wait.
  void add_failed(const NewJob& job, const std::string& error, const std::string& detail);

  std::optional<Job> find(const std::string& id);
  // The job is gone `ms` from now, not when it would have been.
  void keep_for(const std::string& id, std::int64_t ms);
  // JSON; empty while there is none.
  std::string output(const std::string& id);

  // The next job, now in progress: normal before low priority; clients in turn;
  // first come, first served.
  std::optional<Claim> claim();
  // One piece of output made early, JSON. Writing it again changes nothing.
  void add_chunk(const std::string& id, int number, std::string_view json);
  // Ends start `attempt` of a job. False when it has ended otherwise meanwhile.
  bool finish(const std::string& id, int attempt, JobState state, std::string_view output,
              const std::string& error, const std::string& detail);
  // Puts a running job back at the head of the queue, as if it had not begun.
  void put_back(const std::string& id, int attempt);

  // False when the job is unknown; a job that has ended keeps its state.
  bool cancel(const std::string& id);
  // False unless the job FAILED or TIMED_OUT and its input is still there.
  bool retry(const std::string& id);
  // Removes jobs that wait; says how many.
  std::int64_t purge_queue();
  // Delivers each chunk once. A job that made none delivers its output.
  std::optional<StreamNews> take_stream(const std::string& id);

  // Deletes what has expired and times out what runs too long; returns the ids
  // of running jobs that this stopped.
  std::vector<std::string> expire();
  JobCounts counts();

  // Jobs whose webhook is due; each is then due again after `retry_ms` until
  // webhook_done() or three tries.
  std::vector<Job> due_webhooks(std::int64_t retry_ms);
  void webhook_done(const std::string& id);

  // Moves what is written to the main file; slow, blocks nobody else.
  void checkpoint();

 private:
  // Throws StorageError unless the disk takes `bytes` and keeps `reserves` times
  // the room that deleting and checkpoints need: they make room, and write first.
  void need_room(std::size_t bytes, int reserves);
  void give_back();
  void recover();
  void insert(const NewJob& job, JobState state, const std::string& error,
              const std::string& detail);
  void count_queue();

  const std::string path_;
  const StoreLimits limits_;
  std::mutex mutex_;
  // Guarded by mutex_, to the end.
  Database database_;
  JobCounts counts_;
  // Of the job begun last: later jobs of a client that was idle come after it.
  std::int64_t turn_ = 0;

  // Used by checkpoint() alone.
  std::mutex checkpoint_mutex_;
  Database checkpoint_database_;
};

// The row of a job; the caller holds the lock of `database`.
std::optional<Job> find_job(Database& database, const std::string& id);

}  // namespace chatterbox::sidecar

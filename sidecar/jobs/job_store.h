// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/database.h"
#include "jobs/job.h"
#include "shares.h"

namespace chatterbox::sidecar {

struct StoreLimits {
  int queued = 1000;
  std::int64_t queued_bytes = std::int64_t(2) << 30;
  // Jobs of any state, and the bytes of their requests and results.
  int kept = 20'000;
  std::int64_t kept_bytes = std::int64_t(4) << 30;
  std::int64_t result_ms = 1'800'000;
  std::int64_t sync_result_ms = 60'000;
  // The longest a client may have a job kept.
  std::int64_t most_ttl_ms = 86'400'000;
  int attempts = 3;
  bool power_safe = false;
};

// A job that a worker has begun.
struct Claim {
  Job job;
  std::string request;
};

// What became of a piece of output.
enum class ChunkFate {
  kKept,
  // This start of the job is not the current one any more.
  kStale,
  // An earlier start made another piece, and the client has it.
  kDiffers,
};

// News of a job for /stream.
struct StreamNews {
  Job job;
  // JSON values not delivered before, oldest first.
  std::vector<std::string> chunks;
  // The job made none: its whole output is the one that is delivered now.
  bool whole_output = false;
  // The job has ended and nothing is left to deliver.
  bool ended = false;
  // It was CANCELLED, and a call before this one has said so.
  bool told_cancelled = false;
};

struct JobCounts {
  std::int64_t kept = 0, kept_bytes = 0;
  std::int64_t queued = 0, queued_bytes = 0, running = 0;
  // Since the process began.
  std::int64_t completed = 0, failed = 0, cancelled = 0, timed_out = 0, retried = 0;
};

// Jobs on disk: what a call has returned survives kill -9. Everything else (who
// works on what, who waits) is rebuilt from it. A job is known to its owner only: for others it
// is not there. Any thread may call; each call is one short transaction. All throw StorageError.
class JobStore {
 public:
  // Throws StorageError too when the file is no database, or of a newer version.
  JobStore(const std::string& path, const StoreLimits& limits, const Shares& shares);

  // Puts a job in the queue; false when that, or the owner's share of it, is full.
  bool add(const NewJob& job);
  // Keeps why a job failed before it could wait, without its request. False as above.
  bool add_failed(const NewJob& job, const std::string& error, const std::string& detail);

  std::optional<Job> find(const std::string& owner, const std::string& id);
  // The job is gone `ms` from now, not when it would have been.
  void keep_for(const std::string& owner, const std::string& id, std::int64_t ms);
  // JSON in pieces: how many bytes, and one piece after the other; a number beyond the last
  // gives an empty one.
  std::int64_t output_bytes(const std::string& id);
  std::string output_part(const std::string& id, int number);

  // The next job, now in progress: normal before low priority; owners in turn;
  // first come, first served.
  std::optional<Claim> claim();
  // Whether this start is still the one that counts.
  bool is_current(const Job& job);
  // One piece of output made early, JSON.
  ChunkFate add_chunk(const Job& job, int number, std::string_view json);
  // Ends this start of a job. False when it has ended otherwise meanwhile.
  bool finish(const Job& job, JobState state, std::string_view output, const std::string& error,
              const std::string& detail);
  // Puts a running job back at the head of the queue, as if it had not begun.
  void put_back(const Job& job);

  // False when the job is unknown; a job that has ended keeps its state.
  bool cancel(const std::string& owner, const std::string& id);
  // False unless the job FAILED or TIMED_OUT and its input is still there.
  bool retry(const std::string& owner, const std::string& id);
  // Removes jobs of the owner that wait; their ids.
  std::vector<std::string> purge_queue(const std::string& owner);
  // Delivers each chunk once. A job that made none delivers its output.
  std::optional<StreamNews> take_stream(const std::string& owner, const std::string& id);

  // Deletes what has expired and times out what runs too long; returns the ids
  // of running jobs that this stopped.
  std::vector<std::string> expire();
  // Kept in memory: these wait for no disk.
  JobCounts counts();
  JobCounts counts(const std::string& owner);

  // Jobs whose webhook is due, at most `each` per owner of those not in the air already. Each is
  // due again after a while unless webhook_sent() says more.
  std::vector<Job> due_webhooks(const std::map<std::string, int>& in_the_air, int each);
  // It was sent: with success, or to be tried again after `retry_ms` until the third time.
  void webhook_sent(const std::string& id, bool delivered, std::int64_t retry_ms);

  // Moves what is written to the main file; slow, blocks nobody else.
  void checkpoint();
  // Reads the whole database; slow. What it finds, storage_damaged() tells.
  void check();

 private:
  // Throws StorageError unless the disk takes `bytes` and keeps `reserves` times
  // the room that deleting and checkpoints need: they make room, and write first.
  void need_room(std::size_t bytes, int reserves);
  void give_back();
  void prepare_schema();
  void recover();
  bool has_room(const JobCounts& all, const std::string& owner, std::int64_t bytes,
                bool waits) const;
  void insert(const NewJob& job, JobState state, const std::string& error,
              const std::string& detail);
  // How every job ends: false when it has ended before, or in another start than `epoch`.
  bool end(const Job& job, JobState state, const std::string& error, const std::string& detail,
           std::optional<std::int64_t> epoch);
  void write_output(const std::string& id, std::string_view output);
  void recount();
  // Counts of everybody and of an owner, to be changed alike.
  template <class Change>
  void count(const std::string& owner, const Change& change) {
    const std::lock_guard lock(counts_mutex_);
    change(counts_);
    change(of_owner_[owner]);
  }

  const std::string path_;
  const StoreLimits limits_;
  const Shares& shares_;
  std::mutex mutex_;
  // Guarded by mutex_, to the end of the group.
  Database database_;
  // Of the job begun last: later jobs of an owner that was idle come after it.
  std::int64_t turn_ = 0;
  // Changed with both locks held, read with either: who asks for figures waits for no disk.
  std::mutex counts_mutex_;
  JobCounts counts_;
  std::map<std::string, JobCounts> of_owner_;

  // What only reads does not wait for what writes. Guarded by reader_mutex_.
  std::mutex reader_mutex_;
  Database reader_;

  // Used by checkpoint() and check() alone.
  std::mutex checkpoint_mutex_;
  Database checkpoint_database_;
};

// The row of a job; the caller holds the lock of `database`. An empty owner: whoever's.
std::optional<Job> find_job(Database& database, const std::string& owner, const std::string& id);

}  // namespace chatterbox::sidecar

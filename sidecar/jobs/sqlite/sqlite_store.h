// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "jobs/held_jobs.h"
#include "jobs/job_store.h"
#include "jobs/sqlite/database.h"
#include "shares.h"

namespace chatterbox::sidecar {

// Jobs in a file that one server uses.
class SqliteJobStore : public JobStore {
 public:
  // Throws StorageError too when the file is no database, or of a newer version.
  SqliteJobStore(const std::string& path, const StoreLimits& limits, const Shares& shares);

  bool add(const NewJob& job) override;
  bool add_failed(const NewJob& job, const std::string& error, const std::string& detail) override;
  std::optional<Job> find(const std::string& owner, const std::string& id) override;
  void keep_for(const std::string& owner, const std::string& id, std::int64_t ms) override;
  std::int64_t output_bytes(const std::string& id) override;
  std::string output_part(const std::string& id, int number) override;
  bool begin_reading(const std::string& id) override;
  void end_reading(const std::string& id) override { held_.remove(id); }
  std::optional<Claim> claim_for(const std::vector<ModelOffer>& offers) override;
  bool is_current(const Job& job) override;
  ChunkFate add_chunk(const Job& job, int number, std::string_view json) override;
  bool finish(const Job& job, JobState state, const Output& output, const std::string& error,
              const std::string& detail) override;
  void put_back(const Job& job) override;
  bool cancel(const std::string& owner, const std::string& id) override;
  bool retry(const std::string& owner, const std::string& id) override;
  std::vector<std::string> purge_queue(const std::string& owner) override;
  std::optional<StreamNews> take_stream(const std::string& owner, const std::string& id) override;
  std::vector<std::string> expire() override;
  JobCounts counts() override;
  JobCounts counts(const std::string& owner) override;
  std::vector<Job> due_webhooks(const std::map<std::string, int>& in_the_air, int each) override;
  void webhook_sent(const std::string& id, bool delivered, std::int64_t retry_ms) override;
  void begin_object(const std::string& name) override;
  void drop_object(const std::string& name) override;
  std::optional<ObjectOfJob> output_object(const std::string& id) override;
  std::vector<std::string> due_objects() override;
  void object_removed(const std::string& name) override;
  void checkpoint() override;
  void check() override;
  QueueFigures figures() override { return {oldest_waiting_ms_}; }

 private:
  // Throws StorageError unless the disk takes `bytes` and keeps `reserves` times
  // the room that deleting and checkpoints need: they make room, and write first.
  void need_room(std::size_t bytes, int reserves);
  void give_back();
  void prepare_schema();
  void recover();
  bool room_for(const std::string& owner, std::int64_t bytes, bool waits) const;
  void insert(const NewJob& job, JobState state, const std::string& error,
              const std::string& detail);
  // The end of every job; false when it has ended before, or in another start than `epoch`.
  bool end(const Job& job, JobState state, const std::string& error, const std::string& detail,
           std::optional<std::int64_t> epoch);
  void write_output(const std::string& id, const Output& output);
  // Keeps an object that rows name now. Throws StorageError when it was removed meanwhile.
  void keep_object(const std::string& name);
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
  // Turn of the job begun last: later jobs of an owner that was idle come after it.
  std::int64_t turn_ = 0;
  // Changed with both locks held, read with either: a question for figures waits for no disk.
  std::mutex counts_mutex_;
  JobCounts counts_;
  std::map<std::string, JobCounts> of_owner_;
  // As expire() found it last.
  std::atomic<std::int64_t> oldest_waiting_ms_{0};

  HeldJobs held_;
  // Readers do not wait for writers. Guarded by reader_mutex_.
  std::mutex reader_mutex_;
  Database reader_;

  // Used by checkpoint() and check() alone.
  std::mutex checkpoint_mutex_;
  Database checkpoint_database_;
};

// The row of a job; the caller holds the lock of `database`. An empty owner: of any.
std::optional<Job> find_job(Database& database, const std::string& owner, const std::string& id);

}  // namespace chatterbox::sidecar

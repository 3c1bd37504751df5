// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>

#include "jobs/held_jobs.h"
#include "jobs/job_store.h"
#include "jobs/postgres/pg_bulletin.h"
#include "jobs/postgres/pg_leases.h"
#include "jobs/postgres/pg_pool.h"
#include "jobs/postgres/pg_voices.h"
#include "shares.h"

namespace chatterbox::sidecar {

// Jobs in a PostgreSQL database that any number of servers use at once. A worker has a lease of its
// job, by the clock of the database; a job whose lease has run out waits again, with another epoch,
// so that its earlier worker changes nothing any more.
class PostgresJobStore : public JobStore {
 public:
  struct Options {
    std::string address;
    std::int64_t lease_ms = 30'000;
    // Workers of this server; told to the others.
    int workers = 0;
    int connections = 8;
    // A model that no server had for so many leases is not waited for.
    int model_leases = 10;
  };
  // Throws StorageError when the database cannot be reached, or not be used.
  PostgresJobStore(const Options& options, const StoreLimits& limits, const Shares& shares);

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
  void checkpoint() override {}
  void check() override {}

  void use_objects() override;

  bool shared() const override { return true; }
  bool available() override { return pool_.available(); }
  QueueFigures figures() override;
  VoiceTable* voices() override { return &voices_; }
  void watch(StoreEvents events) override;

 private:
  // A job, and the numbers of its pieces that are delivered and made.
  struct JobProgress {
    Job job;
    std::int64_t number = 0, delivered = 0, made = 0;
  };
  bool insert(const NewJob& job, JobState state, const std::string& error,
              const std::string& detail);
  std::optional<JobProgress> find_progress(PgConnection& connection, const std::string& owner,
                                           const std::string& id, bool lock);
  void free_lost_leases();
  // Looks after jobs that wait for a model, or a type of one, that no server has.
  void look_after_unserved();
  void fail_unserved(const std::string& model);
  void keep_held();
  void remember_times(const PgRows& rows);
  void give_times_back();
  void recount();
  std::vector<std::string> overfull();
  void count_end(const std::string& owner, JobState state);

  const std::string server_;
  const StoreLimits limits_;
  const Shares& shares_;
  const std::int64_t lease_ms_, model_ms_;
  PgPool pool_;
  PgBulletin bulletin_;
  PgLeases leases_;
  PgVoices voices_;
  HeldJobs held_;
  // When jobs were to end, and the time that stands for it in the database while they are read.
  struct MovedTime {
    std::int64_t own, now;
  };
  std::mutex moved_mutex_;
  std::map<std::string, MovedTime> moved_;
  // Looking for room and taking it are one step, of this server at least.
  std::mutex room_mutex_;
  // Turn of the job begun last here: a lower bound of the turn of all servers.
  std::atomic<std::int64_t> turn_{0};

  // When models were looked after last, also by the database's clock, and since when that was done
  // without a gap; used by expire() alone.
  std::chrono::steady_clock::time_point unserved_looked_{};
  std::int64_t looked_ms_ = 0, together_since_ms_ = 0;

  std::mutex counts_mutex_;
  // Guarded by counts_mutex_, to the end. Counts of all servers as found last, but for the ended
  // jobs, which are this process'.
  JobCounts counts_;
  std::map<std::string, JobCounts> of_owner_;
  QueueFigures figures_;
};

// The columns that read_pg_job() reads, of the table that is called `j` in a statement.
inline constexpr const char* kPgJobColumns =
    "j.id, j.state, j.sync, j.created_ms, j.started_ms, j.finished_ms, j.attempts, j.retries, "
    "j.seed, j.webhook, j.webhook_tries, j.error, j.detail, j.client, j.epoch, j.input_bytes, "
    "j.model, j.output_bytes";
inline constexpr int kPgJobColumnCount = 18;
Job read_pg_job(const PgRows& rows, int row);

// The end of a job, whatever ends it: what its row is set to. Values are of SQL; the last two, in
// milliseconds, say for how long it is kept, and for how long one of /runsync is.
std::string pg_job_end(const std::string& state, const std::string& error,
                       const std::string& detail, const std::string& result_ms,
                       const std::string& sync_result_ms);

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/job.h"
#include "jobs/storage_error.h"
#include "shares.h"

namespace chatterbox::sidecar {

class VoiceTable;

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
  // Not empty: the object that holds it instead.
  std::string request_object;
};

// A model that this server speaks with, and everything that shapes its sound: a job of which a
// client already has a part begins again only with the same.
struct ModelOffer {
  std::string model;
  // Empty: not known yet.
  std::string type;
};

// Something of a job that is kept outside the store.
struct ObjectOfJob {
  std::string name;
  std::int64_t bytes = 0;
};

// A result to be kept: JSON, or the object that holds it.
struct Output {
  Output(std::string_view text) : json(text) {}
  Output(const std::string& text) : json(text) {}
  Output(const char* text) : json(text) {}
  Output(const ObjectOfJob& kept) : object(kept) {}
  std::int64_t bytes() const {
    return object.name.empty() ? std::int64_t(json.size()) : object.bytes;
  }
  std::string_view json;
  ObjectOfJob object;
};

// Fate of a piece of output.
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

// Takes over the counts of `all` jobs and of those of each owner, as they were found in the store;
// counts since the process began stay.
void take_counts(JobCounts& counts, std::map<std::string, JobCounts>& of_owner,
                 const JobCounts& all, const std::map<std::string, JobCounts>& found);

// Owners whose results take more than `share` bytes of what is kept: how large a result is shows
// when it is there. What else they want made waits until some of it is gone.
std::vector<std::string> overfull_owners(const std::map<std::string, JobCounts>& of_owner,
                                         std::int64_t share);

// The queue as a whole: figures that say whether more machines are wanted.
struct QueueFigures {
  // Milliseconds that the job which waits longest has waited.
  std::int64_t oldest_waiting_ms = 0;
  // Workers of all servers together.
  std::int64_t workers = 0;
  // Starts whose server was not heard of any more, as this process found them.
  std::int64_t leases_lost = 0;
  // Objects that this process could not put, read or remove.
  std::int64_t object_failures = 0;
  // Jobs that wait for a model which no server speaks with.
  std::int64_t unserved = 0;
};

// News of jobs on other servers that share the store. Called in threads of the store.
struct StoreEvents {
  // A job may wait.
  std::function<void()> work;
  // A job has a new chunk, or has ended; without an id: anything may have happened.
  std::function<void(const std::string& id)> news;
  // The run of this job is wanted no more.
  std::function<void(const std::string& id)> stopped;
  // This start of a job is not this server's any more.
  std::function<void(const std::string& id, std::int64_t epoch)> lost;
  // A voice was added, changed or removed.
  std::function<void()> voices;
};

// Jobs that outlive the process: what a call has returned survives kill -9. Everything else
// (clients that wait) is rebuilt from it. A job is known to its owner only: for others it is not
// there. Any thread may call; each call is one short transaction. All throw StorageError.
class JobStore {
 public:
  JobStore() = default;
  virtual ~JobStore() = default;
  JobStore(const JobStore&) = delete;
  JobStore& operator=(const JobStore&) = delete;

  // Puts a job in the queue; false when the queue, or the owner's share of the queue, is full.
  virtual bool add(const NewJob& job) = 0;
  // Keeps why a job failed before it could wait, without its request. False as above.
  virtual bool add_failed(const NewJob& job, const std::string& error,
                          const std::string& detail) = 0;

  virtual std::optional<Job> find(const std::string& owner, const std::string& id) = 0;
  // The job is gone `ms` from now, not when it would have been.
  virtual void keep_for(const std::string& owner, const std::string& id, std::int64_t ms) = 0;
  // JSON in pieces: how many bytes, and one piece after the other; a number beyond the last
  // gives an empty one.
  virtual std::int64_t output_bytes(const std::string& id) = 0;
  virtual std::string output_part(const std::string& id, int number) = 0;
  // Between the two a job stays, though its time may be over: a result that is being sent is sent
  // whole. False when it is gone; then nothing is to be ended. Ending waits for no disk.
  virtual bool begin_reading(const std::string& id) = 0;
  virtual void end_reading(const std::string& id) = 0;

  // The next job, now in progress: normal before low priority; owners in turn;
  // first come, first served. Where several servers share the store: of those that one of `offers`
  // can speak, or any without offers.
  virtual std::optional<Claim> claim_for(const std::vector<ModelOffer>& offers) = 0;
  std::optional<Claim> claim() { return claim_for({}); }
  // The request of a claim, wherever it is; may take a while, until `stop` is asked.
  virtual std::string request_of(const Claim& claim, const std::stop_token&) {
    return claim.request;
  }
  // Whether this start is still the one that counts.
  virtual bool is_current(const Job& job) = 0;
  // One piece of output made early, JSON.
  virtual ChunkFate add_chunk(const Job& job, int number, std::string_view json) = 0;
  // Ends this start of a job. False when it has ended otherwise meanwhile.
  virtual bool finish(const Job& job, JobState state, const Output& output,
                      const std::string& error, const std::string& detail) = 0;
  // Puts a running job back at the head of the queue, as if it had not begun.
  virtual void put_back(const Job& job) = 0;

  // False when the job is unknown; a job that has ended keeps its state.
  virtual bool cancel(const std::string& owner, const std::string& id) = 0;
  // False unless the job FAILED or TIMED_OUT and its input is still there.
  virtual bool retry(const std::string& owner, const std::string& id) = 0;
  // Removes jobs of the owner that wait; their ids.
  virtual std::vector<std::string> purge_queue(const std::string& owner) = 0;
  // Delivers each chunk once. A job that made none delivers its output.
  virtual std::optional<StreamNews> take_stream(const std::string& owner,
                                                const std::string& id) = 0;

  // Deletes what has expired and times out what runs too long; returns the ids
  // of running jobs that this stopped.
  virtual std::vector<std::string> expire() = 0;
  // Kept in memory: these wait for no disk.
  virtual JobCounts counts() = 0;
  virtual JobCounts counts(const std::string& owner) = 0;

  // Jobs whose webhook is due, at most `each` per owner of those not in the air already. Each is
  // due again after a while unless webhook_sent() says more.
  virtual std::vector<Job> due_webhooks(const std::map<std::string, int>& in_the_air, int each) = 0;
  // It was sent: with success, or to be tried again after `retry_ms` until the third time.
  virtual void webhook_sent(const std::string& id, bool delivered, std::int64_t retry_ms) = 0;

  // Objects, which hold what is too large for rows. One that has begun is on trial: unless a
  // request or a result that names it is kept within kObjectTrialMs, it is to be removed, as it is
  // when what names it is gone.
  static constexpr std::int64_t kObjectTrialMs = 3'600'000;
  virtual void begin_object(const std::string& name) = 0;
  // The object was not stored: its trial ends now.
  virtual void drop_object(const std::string& name) = 0;
  // The one that holds the result of a job, if any does.
  virtual std::optional<ObjectOfJob> output_object(const std::string& id) = 0;
  // Names of some that are to be removed; each is due again after a while, unless
  // object_removed() says more.
  virtual std::vector<std::string> due_objects() = 0;
  virtual void object_removed(const std::string& name) = 0;
  // From now on objects are used: servers that do not know them are kept out.
  virtual void use_objects() {}

  // Moves what is written to the main file; slow, blocks nobody else.
  virtual void checkpoint() = 0;
  // Reads the whole database; slow. storage_damaged() tells the result.
  virtual void check() = 0;

  // Whether other servers use the same jobs.
  virtual bool shared() const { return false; }
  // Whether it was there when it was asked last.
  virtual bool available() { return true; }
  // Kept in memory.
  virtual QueueFigures figures() { return {}; }
  // The voices that servers share with it; null: none.
  virtual VoiceTable* voices() { return nullptr; }
  // From now on `events` are told, and what this server works on stays its own. Called once.
  virtual void watch(StoreEvents) {}
};

// Whether an owner may have one more job kept, and waiting if it `waits`. Nobody takes more than a
// share, but for one request that is larger; and within a share nobody is refused for what others
// hold: results are as large as they turn out, and shares become smaller with another key.
bool has_room(const StoreLimits& limits, const Shares& shares, const JobCounts& all,
              const JobCounts& own, std::int64_t bytes, bool waits);

}  // namespace chatterbox::sidecar

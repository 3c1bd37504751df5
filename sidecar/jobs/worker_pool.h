// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "chatterbox/engine.h"
#include "jobs/job_store.h"
#include "jobs/webhook_policy.h"
#include "metrics.h"
#include "models/models.h"
#include "operations/voices.h"
#include "shares.h"

namespace chatterbox::sidecar {

// Gives a worker's engine on the model that its task is for, which is loaded first where it is not
// there. Valid while the task runs. Throws Error.
using LendEngine = std::function<Engine&()>;

// Speech for a connection that waits for it: not a job, as nobody could fetch
// its result later.
struct LiveTask {
  std::string id;
  std::string owner;
  // The name of its model.
  std::string model;
  // Asked by anyone to end it.
  std::stop_source stop;
  // Runs in a worker's thread; throws nothing.
  std::function<void(const LendEngine& lend)> run;
};

// Threads that take jobs from the store, one engine each. HTTP
// never waits for them: it leaves jobs in the store and tasks here.
class WorkerPool {
 public:
  struct Hooks {
    // A job has ended or has a new chunk; called in a worker's thread.
    std::function<void(const std::string& id)> news;
  };

  // `uploads`: where results may be sent that requests want elsewhere.
  WorkerPool(JobStore& store, Models& models, Voices& voices, Metrics& metrics,
             const Shares& shares, const WebhookPolicy& uploads, int workers, int max_live,
             Hooks hooks);
  ~WorkerPool();

  // Work begins; until now everything waits.
  void start();
  // There may be a job in the store.
  void wake();
  // False when too many wait, or too many of this owner.
  bool submit(LiveTask task);
  // Ends what runs as `id`, between tokens.
  void stop(const std::string& id);
  // The same for one start of a job, which is to go back into the queue instead of ending.
  void give_up(const std::string& id, std::int64_t epoch);

  // No new jobs from now on; speech still.
  void leave();
  // No new work from now on; speech that waits is spoken still.
  void drain();
  // Puts running jobs back into the queue and ends live tasks.
  void interrupt();
  // Nothing runs, and nobody waits for speech.
  bool idle() const;
  int busy() const;
  // Live tasks that no worker has begun.
  int waiting() const;
  int size() const { return int(workers_.size()); }
  bool started() const { return started_; }

 private:
  struct Worker {
    std::thread thread;
    // Guarded by mutex_: what it works on, and what ends that; empty: nothing.
    std::string id;
    std::int64_t epoch = 0;
    std::optional<std::stop_source> stop;
    // The job goes back into the queue instead of ending.
    bool put_back = false;
  };

  // End of a job's start.
  struct Ending {
    JobState state = JobState::kFailed;
    std::string output, error, detail;
  };

  // A task's model and engine, once it has asked for them.
  struct Loan {
    Models::Lease model;
    std::unique_ptr<Engine> engine;
  };

  int busy_locked() const;
  // Whatever throws, a worker goes on.
  void loop(Worker& worker);
  void work(Worker& worker, std::unique_lock<std::mutex>& lock);
  static void name(Worker& worker, const std::string& id) noexcept;
  void speak(Worker& worker, LiveTask task, std::unique_lock<std::mutex>& lock);
  // Throws nothing: a job that was claimed ends, or goes back.
  void run_job(Worker& worker, const Claim& claim) noexcept;
  Ending carry_out(const Claim& claim, std::stop_source stop);
  Ending try_job(const Claim& claim, std::stop_source stop);
  void end_job(Worker& worker, const Claim& claim, const Ending& ending) noexcept;
  std::optional<Claim> claim_job();
  Engine& lend(Loan& loan, const std::string& model, const std::stop_token& stop);
  std::string model_of(const Job& job) const;
  // The live task to do next: of the owner that was served longest ago.
  LiveTask take_live();

  JobStore& store_;
  Models& models_;
  Voices& voices_;
  Metrics& metrics_;
  const Shares& shares_;
  const WebhookPolicy uploads_;
  const int max_live_;
  const Hooks hooks_;
  std::atomic<bool> started_{false};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_, to the end.
  std::deque<LiveTask> live_;
  // When each owner's speech was begun last, in live tasks begun so far.
  std::map<std::string, std::int64_t> served_;
  std::int64_t live_begun_ = 0;
  // A job may wait in the store.
  bool jobs_ = true;
  // The next is a job if both kinds wait: they alternate.
  bool job_next_ = false;
  bool leaving_ = false, draining_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace chatterbox::sidecar

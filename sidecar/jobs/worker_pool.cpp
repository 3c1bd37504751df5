// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "jobs/worker_pool.h"

#include <algorithm>
#include <chrono>

#include "barrier.h"
#include "named_thread.h"

namespace chatterbox::sidecar {
namespace {

constexpr auto kAfterFailure = std::chrono::milliseconds(100);

}  // namespace

WorkerPool::WorkerPool(JobStore& store, Models& models, Voices& voices, Metrics& metrics,
                       const Shares& shares, const WebhookPolicy& uploads, int workers,
                       int max_live, Hooks hooks)
    : store_(store),
      models_(models),
      voices_(voices),
      metrics_(metrics),
      shares_(shares),
      uploads_(uploads),
      max_live_(max_live),
      hooks_(std::move(hooks)) {
  for (int i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>());
}

WorkerPool::~WorkerPool() {
  drain();
  interrupt();
  for (const auto& worker : workers_)
    if (worker->thread.joinable()) worker->thread.join();
}

void WorkerPool::start() {
  for (const auto& worker : workers_)
    worker->thread = named_thread("worker", [this, &worker = *worker] { loop(worker); });
  started_ = true;
}

void WorkerPool::wake() {
  const std::lock_guard lock(mutex_);
  jobs_ = true;
  changed_.notify_one();
}

bool WorkerPool::submit(LiveTask task) {
  const std::lock_guard lock(mutex_);
  if (draining_ || int(live_.size()) >= max_live_) return false;
  const auto own = std::count_if(live_.begin(), live_.end(),
                                 [&](const LiveTask& other) { return other.owner == task.owner; });
  if (own >= shares_.of(max_live_)) return false;
  live_.push_back(std::move(task));
  changed_.notify_one();
  return true;
}

void WorkerPool::stop(const std::string& id) {
  const std::lock_guard lock(mutex_);
  for (LiveTask& task : live_)
    if (task.id == id) task.stop.request_stop();
  for (const auto& worker : workers_)
    if (worker->id == id && worker->stop) worker->stop->request_stop();
}

void WorkerPool::give_up(const std::string& id, std::int64_t epoch) {
  const std::lock_guard lock(mutex_);
  for (const auto& worker : workers_)
    if (worker->id == id && worker->epoch == epoch && worker->stop) {
      worker->put_back = true;
      worker->stop->request_stop();
    }
}

void WorkerPool::leave() {
  const std::lock_guard lock(mutex_);
  leaving_ = true;
  changed_.notify_all();
}

void WorkerPool::drain() {
  const std::lock_guard lock(mutex_);
  leaving_ = draining_ = true;
  changed_.notify_all();
}

void WorkerPool::interrupt() {
  const std::lock_guard lock(mutex_);
  for (LiveTask& task : live_) task.stop.request_stop();
  // Nobody is there to find out.
  if (!started_) live_.clear();
  for (const auto& worker : workers_)
    if (worker->stop) {
      worker->put_back = true;
      worker->stop->request_stop();
    }
}

bool WorkerPool::idle() const {
  const std::lock_guard lock(mutex_);
  return live_.empty() && busy_locked() == 0;
}

int WorkerPool::busy() const {
  const std::lock_guard lock(mutex_);
  return busy_locked();
}

int WorkerPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return int(live_.size());
}

int WorkerPool::busy_locked() const {
  return int(std::count_if(workers_.begin(), workers_.end(),
                           [](const auto& worker) { return worker->stop.has_value(); }));
}

std::optional<Claim> WorkerPool::claim_job() {
  try {
    return store_.claim_for(models_.offers());
  } catch (...) {
    // That it is away has been said once.
    if (store_.available()) log_exception("taking a job");
    return std::nullopt;
  }
}

Engine& WorkerPool::lend(Loan& loan, const std::string& model, const std::stop_token& stop) {
  loan.model = models_.lend(model, stop);
  loan.engine = std::make_unique<Engine>(loan.model.model());
  return *loan.engine;
}

LiveTask WorkerPool::take_live() {
  auto next = live_.begin();
  for (auto at = live_.begin(); at != live_.end(); ++at)
    if (served_[at->owner] < served_[next->owner]) next = at;
  std::int64_t& served = served_[next->owner];
  LiveTask task = std::move(*next);
  live_.erase(next);
  served = ++live_begun_;
  return task;
}

// A job that begins also ends, though there may be no memory for a name to stop it by.
void WorkerPool::name(Worker& worker, const std::string& id) noexcept {
  run_guarded("naming what begins", [&] { worker.id = id; });
}

void WorkerPool::loop(Worker& worker) {
  std::unique_lock lock(mutex_);
  // Whom it was promised to is spoken to, also at the end.
  while (!draining_ || !live_.empty()) {
    bool failed = true;
    run_guarded("a worker", [&] {
      work(worker, lock);
      failed = false;
    });
    if (!lock.owns_lock()) lock.lock();
    worker.stop.reset();
    worker.id.clear();
    // The others have the lock meanwhile.
    if (failed) changed_.wait_for(lock, kAfterFailure);
  }
}

void WorkerPool::speak(Worker& worker, LiveTask task, std::unique_lock<std::mutex>& lock) {
  name(worker, task.id);
  worker.stop = task.stop;
  lock.unlock();
  if (task.stop.stop_requested()) return;
  Loan loan;
  task.run([&]() -> Engine& { return lend(loan, task.model, task.stop.get_token()); });
}

// One task, or a wait for one. May come back without the lock.
void WorkerPool::work(Worker& worker, std::unique_lock<std::mutex>& lock) {
  if (!live_.empty() && (leaving_ || !job_next_ || !jobs_)) {
    job_next_ = true;
    return speak(worker, take_live(), lock);
  }
  job_next_ = false;
  if (!jobs_ || leaving_) {
    // The timeout finds jobs that a failing disk kept from being taken.
    if (live_.empty() &&
        changed_.wait_for(lock, std::chrono::seconds(1)) == std::cv_status::timeout)
      jobs_ = true;
    return;
  }
  // Busy from before the claim on: a drain must not overlook it.
  worker.stop.emplace();
  worker.put_back = false;
  // Before the claim: a job that comes while we look sets it again.
  jobs_ = false;
  lock.unlock();
  const auto claim = claim_job();
  if (!claim) return;
  lock.lock();
  // Where one was there may be more.
  jobs_ = true;
  changed_.notify_one();
  name(worker, claim->job.id);
  worker.epoch = claim->job.epoch;
  lock.unlock();
  run_job(worker, *claim);
}

}  // namespace chatterbox::sidecar

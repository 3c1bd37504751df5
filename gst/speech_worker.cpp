// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_worker.h"

#include <utility>

#include "background.h"

namespace chatterbox::gst {

using Clock = std::chrono::steady_clock;

SpeechJob::State SpeechJob::take(SpeechPiece& piece, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience,
                    [this] { return state_ != State::kPending || !pieces_.empty(); });
  if (state_ == State::kCancelled) return state_;
  if (pieces_.empty()) return state_;
  piece = std::move(pieces_.front());
  pieces_.pop_front();
  return State::kPiece;
}

void SpeechJob::cancel() {
  std::lock_guard lock(mutex_);
  state_ = State::kCancelled;
  pieces_.clear();
  changed_.notify_all();
}

bool SpeechJob::cancelled() const {
  std::lock_guard lock(mutex_);
  return state_ == State::kCancelled;
}

Failure SpeechJob::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

SynthesisStats SpeechJob::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

std::chrono::nanoseconds SpeechJob::time_to_first_audio() const {
  std::lock_guard lock(mutex_);
  return first_audio_.value_or(std::chrono::nanoseconds{0});
}

bool SpeechJob::add(const SpeechChunk& chunk) {
  std::lock_guard lock(mutex_);
  if (state_ == State::kCancelled) return false;
  if (chunk.samples.empty() && chunk.words.empty()) return true;
  if (!first_audio_ && !chunk.samples.empty()) first_audio_ = Clock::now() - start_;
  pieces_.push_back({{chunk.samples.begin(), chunk.samples.end()},
                     chunk.position,
                     {chunk.words.begin(), chunk.words.end()}});
  changed_.notify_all();
  return true;
}

void SpeechJob::finish(const SynthesisStats& stats) {
  std::lock_guard lock(mutex_);
  if (state_ == State::kCancelled) return;
  stats_ = stats;
  state_ = State::kDone;
  changed_.notify_all();
}

void SpeechJob::fail(Failure failure) {
  std::lock_guard lock(mutex_);
  if (state_ == State::kCancelled) return;
  failure_ = std::move(failure);
  state_ = State::kFailed;
  changed_.notify_all();
}

void SpeechJob::run(Speaker& speaker) {
  bool about_voice = true;
  try {
    {
      std::lock_guard lock(mutex_);
      if (state_ == State::kCancelled) return;
      start_ = Clock::now();
    }
    speaker.set_voice(request_.voice_path);
    about_voice = false;
    finish(speaker.speak(request_.text, request_.options,
                         [this](const SpeechChunk& chunk) { return add(chunk); }));
  } catch (...) {
    Failure failure = current_failure();
    failure.about_voice = about_voice;
    fail(std::move(failure));
  }
}

struct SpeechWorker::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<SpeechJob>> jobs;
  std::shared_ptr<SpeechJob> current;
  bool stopping = false;
  bool idle = false;  // the thread waits, and is counted as idle
  std::unique_ptr<Speaker> speaker;

  // With the lock held.
  void wake() {
    if (std::exchange(idle, false)) background_busy();
    changed.notify_all();
  }
};

SpeechWorker::SpeechWorker(std::unique_ptr<Speaker> speaker) : shared_(std::make_shared<Shared>()) {
  shared_->speaker = std::move(speaker);
  run_in_background("chatterbox-speak", [shared = shared_] { work(*shared); });
}

SpeechWorker::~SpeechWorker() {
  std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  for (const auto& job : shared_->jobs) job->cancel();
  shared_->jobs.clear();
  if (shared_->current) {
    shared_->current->cancel();
    shared_->speaker->cancel();
  }
  shared_->wake();
}

void SpeechWorker::submit(std::shared_ptr<SpeechJob> job) {
  std::lock_guard lock(shared_->mutex);
  shared_->jobs.push_back(std::move(job));
  shared_->wake();
}

void SpeechWorker::cancel(const std::shared_ptr<SpeechJob>& job) {
  job->cancel();
  std::lock_guard lock(shared_->mutex);
  std::erase(shared_->jobs, job);
  if (shared_->current == job) shared_->speaker->cancel();
}

void SpeechWorker::work(Shared& shared) {
  std::unique_lock lock(shared.mutex);
  while (!shared.stopping) {
    if (shared.jobs.empty()) {
      shared.idle = true;
      background_idle();
      shared.changed.wait(lock, [&] { return !shared.idle; });
      continue;
    }
    shared.current = std::move(shared.jobs.front());
    shared.jobs.pop_front();
    lock.unlock();
    shared.current->run(*shared.speaker);
    lock.lock();
    shared.current = nullptr;
  }
  auto speaker = std::move(shared.speaker);
  lock.unlock();
}

}  // namespace chatterbox::gst

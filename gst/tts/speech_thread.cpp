// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "speech_thread.h"

#include <cmath>
#include <utility>

#include "background.h"
#include "chatterbox/time_stretch.h"

namespace chatterbox::gst {

using Clock = std::chrono::steady_clock;

SpeechPiece at_speed(SpeechPiece piece, double speed, std::int64_t begin) {
  const auto moved = [&](std::int64_t sample) {
    return begin + std::int64_t(std::llround(double(sample) / speed));
  };
  piece.samples = stretch_time(piece.samples, kOutputRateHz, speed);
  piece.position = begin;
  for (WordTime& word : piece.words) {
    word.start = moved(word.start);
    word.end = moved(word.end);
  }
  return piece;
}

SpeechJob::State SpeechJob::take(SpeechPiece& piece, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience,
                    [this] { return state_ != State::kPending || !pieces_.empty(); });
  if (state_ == State::kCancelled || pieces_.empty()) return state_;
  piece = std::move(pieces_.front());
  pieces_.pop_front();
  return State::kPiece;
}

void SpeechJob::cancel() {
  {
    std::lock_guard lock(mutex_);
    state_ = State::kCancelled;
    pieces_.clear();
    changed_.notify_all();
  }
  // Then: what the engine throws must not be taken for a failure.
  stop_.request_stop();
}

bool SpeechJob::cancelled() const {
  std::lock_guard lock(mutex_);
  return state_ == State::kCancelled;
}

SpeechJob::Outcome SpeechJob::outcome() const {
  std::lock_guard lock(mutex_);
  return outcome_;
}

std::vector<float> SpeechJob::mark(std::vector<float> speech) const {
  Synthesizer::Marker marker;
  {
    std::lock_guard lock(mutex_);
    marker = marker_;
  }
  return marker ? marker(std::move(speech)) : speech;
}

bool SpeechJob::add(SpeechPiece piece) {
  std::lock_guard lock(mutex_);
  if (state_ == State::kCancelled || process_is_ending()) return false;
  if (piece.samples.empty() && piece.words.empty()) return true;
  samples_ += std::int64_t(piece.samples.size());
  pieces_.push_back(std::move(piece));
  changed_.notify_all();
  return true;
}

void SpeechJob::end(State state, Failure failure) {
  std::lock_guard lock(mutex_);
  if (state_ == State::kCancelled) return;
  outcome_.failure = std::move(failure);
  state_ = state;
  changed_.notify_all();
}

void SpeechJob::count(const SynthesisStats& stats) {
  std::lock_guard lock(mutex_);
  SynthesisStats& sum = outcome_.stats;
  if (sum.samples == 0) sum.seed = stats.seed;
  sum.samples += stats.samples;
  sum.speech_tokens += stats.speech_tokens;
  sum.seconds_total += stats.seconds_total;
}

void SpeechJob::pause(double seconds) {
  const auto samples = std::size_t(std::lround(seconds * kOutputRateHz));
  add({std::vector<float>(samples, 0.0F), samples_, {}});
}

// A part that follows another without a written pause follows it after the silence that was taken
// off both.
void SpeechJob::rest(SpeechPiece& first, bool after_pause) {
  std::int64_t after;
  {
    std::lock_guard lock(mutex_);
    after = std::exchange(outcome_.silence_after, 0);
  }
  if (samples_ == 0 || after_pause) return;
  pause(double(after + first.silence_before) / kOutputRateHz);
  first.silence_before = 0;
}

// A watermark does not survive another speed: speech that is made to fit is marked after that.
void SpeechJob::speak(Synthesizer& synthesizer, const Part& part) {
  std::int64_t begin = samples_;
  bool begun = false;
  SynthesisOptions options = part.options;
  if (options.watermark && part.fitted) {
    options.watermark = false;
    Synthesizer::Marker marker = synthesizer.marker();
    std::lock_guard lock(mutex_);
    marker_ = std::move(marker);
  }
  const auto take = [&](const SpeechChunk& chunk) {
    SpeechPiece piece{{chunk.samples.begin(), chunk.samples.end()},
                      chunk.position,
                      {chunk.words.begin(), chunk.words.end()},
                      chunk.silence_before};
    if (!begun && !piece.samples.empty()) {
      begun = true;
      rest(piece, part.pause_seconds > 0);
      begin = samples_;
    }
    if (chunk.last) {
      std::lock_guard lock(mutex_);
      outcome_.silence_after = chunk.silence_after;
    }
    if (!chunk.samples.empty()) {
      std::lock_guard lock(mutex_);
      if (outcome_.first_audio.count() == 0) outcome_.first_audio = Clock::now() - start_;
    }
    piece.position += begin;
    for (float& sample : piece.samples) sample *= float(part.gain);
    for (WordTime& word : piece.words) {
      word.start += begin;
      word.end += begin;
    }
    return add(std::move(piece));
  };
  count(synthesizer.speak(part.text, options, take, stop_.get_token()));
}

void SpeechJob::run(Synthesizer& synthesizer) {
  try {
    for (const Part& part : request_) {
      pause(part.pause_seconds);
      if (part.text.empty()) {
        std::lock_guard lock(mutex_);
        outcome_.silence_after = 0;
        continue;
      }
      {
        std::lock_guard lock(mutex_);
        if (state_ == State::kCancelled) return;
        if (start_ == Clock::time_point()) start_ = Clock::now();
        outcome_.voice = part.voice_path;
      }
      about_voice([&] { synthesizer.set_voice(part.voice_path, stop_.get_token()); });
      speak(synthesizer, part);
    }
    end(State::kDone);
  } catch (...) {
    end(State::kFailed, current_failure());
  }
}

struct SpeechThread::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<SpeechJob>> jobs;
  std::shared_ptr<SpeechJob> current;
  bool stopping = false;
  bool idle = false;  // the thread waits, and is counted as idle
  std::unique_ptr<Synthesizer> synthesizer;

  // With the lock held.
  void wake() {
    if (std::exchange(idle, false)) background_busy();
    changed.notify_all();
  }
};

SpeechThread::SpeechThread(std::unique_ptr<Synthesizer> synthesizer)
    : shared_(std::make_shared<Shared>()) {
  shared_->synthesizer = std::move(synthesizer);
  run_in_background("chatterbox-speak", [shared = shared_] { work(*shared); });
}

SpeechThread::~SpeechThread() {
  std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  for (const auto& job : shared_->jobs) job->cancel();
  shared_->jobs.clear();
  if (shared_->current) shared_->current->cancel();
  shared_->wake();
}

void SpeechThread::submit(std::shared_ptr<SpeechJob> job) {
  std::lock_guard lock(shared_->mutex);
  shared_->jobs.push_back(std::move(job));
  shared_->wake();
}

void SpeechThread::cancel(const std::shared_ptr<SpeechJob>& job) {
  job->cancel();
  std::lock_guard lock(shared_->mutex);
  std::erase(shared_->jobs, job);
}

void SpeechThread::work(Shared& shared) {
  std::unique_lock lock(shared.mutex);
  while (!shared.stopping) {
    if (shared.jobs.empty()) {
      shared.idle = true;
      background_idle();
      shared.changed.wait(lock, [&] { return !shared.idle; });
      if (process_is_ending()) return;
      continue;
    }
    shared.current = std::move(shared.jobs.front());
    shared.jobs.pop_front();
    lock.unlock();
    shared.current->run(*shared.synthesizer);
    lock.lock();
    shared.current = nullptr;
    if (process_is_ending()) return;
  }
  auto synthesizer = std::move(shared.synthesizer);
  lock.unlock();
}

}  // namespace chatterbox::gst

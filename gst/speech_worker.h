// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common.h"
#include "speaker.h"

namespace chatterbox::gst {

// A piece of speech taken out of a job.
struct SpeechPiece {
  std::vector<float> samples;
  std::int64_t position = 0;  // of the first sample in the utterance
  std::vector<WordTime> words;
};

// One utterance on its way through the engine. Speech gathers here until the
// streaming thread fetches it: the engine never waits for what is downstream
// while it holds the processor, and it works ahead while a sink plays. An
// utterance is bounded, so this is too.
class SpeechJob {
 public:
  struct Request {
    std::string text;
    std::string voice_path;
    SynthesisOptions options;
  };
  enum class State { kPiece, kPending, kDone, kFailed, kCancelled };

  explicit SpeechJob(Request request) : request_(std::move(request)) {}

  const Request& request() const { return request_; }

  // The next piece, if there is one within `patience`.
  State take(SpeechPiece& piece, std::chrono::milliseconds patience);
  // Ends it for everyone who waits; the engine follows when it can.
  void cancel();
  bool cancelled() const;
  // After kFailed.
  Failure failure() const;
  // After kDone.
  SynthesisStats stats() const;
  // From the start of the synthesis to its first audio.
  std::chrono::nanoseconds time_to_first_audio() const;

 private:
  friend class SpeechWorker;
  bool add(const SpeechChunk& chunk);
  void finish(const SynthesisStats& stats);
  void fail(Failure failure);
  void run(Speaker& speaker);

  const Request request_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SpeechPiece> pieces_;
  State state_ = State::kPending;
  Failure failure_;
  SynthesisStats stats_;
  std::chrono::steady_clock::time_point start_;
  std::optional<std::chrono::nanoseconds> first_audio_;
};

// A speaker and the thread it works in. Jobs are done in order.
class SpeechWorker {
 public:
  explicit SpeechWorker(std::unique_ptr<Speaker> speaker);
  // Cancels what is going on and returns at once; the speaker goes when the
  // engine has let go of it.
  ~SpeechWorker();
  SpeechWorker(const SpeechWorker&) = delete;
  SpeechWorker& operator=(const SpeechWorker&) = delete;

  void submit(std::shared_ptr<SpeechJob> job);
  // Cancels the job; interrupts the engine when it is the one being done.
  void cancel(const std::shared_ptr<SpeechJob>& job);

 private:
  struct Shared;
  static void work(Shared& shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace chatterbox::gst

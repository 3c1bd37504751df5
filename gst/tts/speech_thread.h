// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "common.h"
#include "synthesizer.h"

namespace chatterbox::gst {

// A piece of speech taken out of a job.
struct SpeechPiece {
  std::vector<float> samples;
  std::int64_t position = 0;  // of the first sample in the utterance
  std::vector<WordTime> words;
  // Samples of silence taken off in front of it, which matter only after other speech.
  std::int64_t silence_before = 0;
};

// The piece, whose words count from its beginning, said at another speed and put
// at sample `begin` of the utterance.
SpeechPiece at_speed(SpeechPiece piece, double speed, std::int64_t begin);

// One utterance on its way through the engine. Speech gathers here until the streaming thread
// fetches it: the engine never waits for downstream while it holds the processor, and works ahead
// while a sink plays. An utterance is bounded, so this is too.
class SpeechJob {
 public:
  // A stretch spoken in one way, after a pause.
  struct Part {
    std::string text;  // empty: only the pause
    std::string voice_path;
    SynthesisOptions options;
    double pause_seconds = 0;
    double gain = 1;
    // The narrator makes the speech fit into its cue, and calls mark() then.
    bool fitted = false;
  };
  using Request = std::vector<Part>;
  struct Outcome {
    Failure failure;
    std::string voice;     // file of the last one taken up, which the failure may be about
    SynthesisStats stats;  // of the parts done so far
    std::chrono::nanoseconds first_audio{0};  // from the start of the synthesis
    std::int64_t silence_after = 0;           // samples that were taken off the end
  };
  enum class State { kPiece, kPending, kDone, kFailed, kCancelled };

  explicit SpeechJob(Request request) : request_(std::move(request)) {}

  const Request& request() const { return request_; }

  // The next piece, if there is one within `patience`.
  State take(SpeechPiece& piece, std::chrono::milliseconds patience);
  // Ends it for everyone who waits, and soon for the engine that speaks it.
  void cancel();
  bool cancelled() const;
  // After kDone and kFailed.
  Outcome outcome() const;
  // After kDone: final speech of fitted parts, with the watermark if one is wanted.
  std::vector<float> mark(std::vector<float> speech) const;

 private:
  friend class SpeechThread;
  bool add(SpeechPiece piece);
  void end(State state, Failure failure = {});
  void run(Synthesizer& synthesizer);
  void pause(double seconds);
  void rest(SpeechPiece& first, bool after_pause);
  void speak(Synthesizer& synthesizer, const Part& part);
  void count(const SynthesisStats& stats);

  const Request request_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SpeechPiece> pieces_;
  State state_ = State::kPending;
  Outcome outcome_;
  Synthesizer::Marker marker_;  // of speech that is changed after it was made
  std::int64_t samples_ = 0;    // made so far; the thread's own
  std::chrono::steady_clock::time_point start_;
};

// A synthesizer and the thread it works in. Jobs are done in order.
class SpeechThread {
 public:
  explicit SpeechThread(std::unique_ptr<Synthesizer> synthesizer);
  // Cancels all jobs and returns at once; the synthesizer goes when the
  // engine has let go of it.
  ~SpeechThread();
  SpeechThread(const SpeechThread&) = delete;
  SpeechThread& operator=(const SpeechThread&) = delete;

  void submit(std::shared_ptr<SpeechJob> job);
  // Cancels the job, whether it waits or is being done.
  void cancel(const std::shared_ptr<SpeechJob>& job);

 private:
  struct Shared;
  static void work(Shared& shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace chatterbox::gst

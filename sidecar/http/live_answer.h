// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>

#include "http/server.h"
#include "http/speech_request.h"

namespace chatterbox::sidecar {

// Bytes of an answer, made of speech: those of a file, or events that hold them.
class SpeechWriter {
 public:
  virtual ~SpeechWriter() = default;
  // `words`: those that begin in the samples.
  virtual std::string push(std::span<const WordTime> words, std::span<const float> samples) = 0;
  // After the last piece.
  virtual std::string finish(const SynthesisStats& stats) = 0;
  // Instead of the rest; empty when the connection is to be broken.
  virtual std::string failure(const std::string& message) = 0;
  virtual std::string content_type() const = 0;
};

// `samples`: how many there will be, when that is known. Throws RequestError.
std::unique_ptr<SpeechWriter> make_speech_writer(const Speech& speech,
                                                 std::optional<std::int64_t> samples);

// The two ends of one answer: a worker makes audio, the main loop sends it.
class LiveAnswer : public std::enable_shared_from_this<LiveAnswer> {
 public:
  // Waits for a worker, and ends in the thread of the main loop. False when too many wait.
  static bool begin(Services& services, const Exchange& exchange, Speech speech);

  LiveAnswer(Services& services, Exchange exchange, Speech speech, std::string id);

 private:
  // In a worker's thread, down to send().
  void run(const LendEngine& lend, const std::stop_token& stop);
  void speak(Engine& engine, const Model& model, const std::stop_token& stop);
  // Waits while the reader is behind; false when it is gone.
  bool send(std::string bytes);

  // In the thread of the main loop, like everything below.
  // An exception of `action` ends the answer: a piece that is missing would not be noticed.
  template <class Action>
  void or_give_up(Action&& action) noexcept;
  void deliver(std::string bytes);
  // Lets more wait for the reader, as far as its owner's share allows.
  void widen();
  void written();
  void closed();
  void conclude(int status, const std::string& message, const std::string& code,
                const std::string& told);
  void finish(int status, const std::string& message, const std::string& code);
  // True once nobody waits any more.
  bool watch();
  static void keep_watch(const std::shared_ptr<LiveAnswer>& answer);

  Services& services_;
  const Exchange exchange_;
  const Speech speech_;
  const std::string id_;
  // Sent when complete, because a range was asked for.
  const bool whole_;
  std::string gathered_, content_type_;
  std::unique_ptr<SpeechWriter> writer_;  // the worker's, with the next two
  // Time that it has waited for the reader, and whether that was too long.
  std::chrono::steady_clock::duration stalled_{0};
  bool too_slow_ = false;
  bool began_ = false;  // main loop only

  std::mutex mutex_;
  std::condition_variable room_;
  // Guarded by mutex_.
  std::size_t unsent_ = 0, most_unsent_;
  bool closed_ = false;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "chatterbox/options.h"

// A speech engine whose behaviour a test writes down. Every byte of text is
// spoken as 40 ms of a sine whose pitch tells the byte, so that a test can see
// what was said. Marks in the text make it misbehave:
//
//   [fail]     every attempt fails with kModelFailure
//   [once]     the first attempt fails so
//   [late]     fails after half of the audio
//   [throw]    throws something that is no chatterbox::Error
//   [memory]   fails with kOutOfMemory
//   [words]    reports one word for each chunk
//   [silence]  took kSilenceBefore samples of silence off its beginning, kSilenceAfter off its end
//
// Models: a path with "missing" is not found, one with "corrupt" unreadable.
// Voices: a file whose name has "corrupt" is unreadable.
namespace chatterbox::gst {

// What the synthesizer was asked to say, and how.
struct SpokenText {
  std::string text;
  std::string voice;  // file
  SynthesisOptions options;
};

constexpr std::int64_t kSilenceBefore = 2400, kSilenceAfter = 4800;

struct Scenario {
  std::atomic<std::chrono::milliseconds> load{std::chrono::milliseconds(0)};
  std::atomic<std::chrono::milliseconds> warm_up{std::chrono::milliseconds(0)};
  std::atomic<std::chrono::milliseconds> per_byte{std::chrono::milliseconds(0)};
  std::atomic<std::size_t> samples_per_byte = 960;
  std::atomic<int> loads{0};
  std::atomic<int> cancelled_loads{0};
  std::atomic<int> warm_ups{0};
  std::atomic<int> models_alive{0};
  std::atomic<int> utterances{0};
  std::atomic<int> cancelled_utterances{0};
  std::mutex mutex;
  std::vector<SpokenText> spoken;  // guarded by mutex
};

// The one of this process; reset() before each test.
Scenario& scenario();
void reset_scenario();
std::vector<SpokenText> spoken_texts();

// Takes as long as the scenario's `warm_up`; throws kCancelled.
void warm_up_as_scripted(const std::stop_token& stop);

// Hz of the sine for a byte.
double pitch_of(char byte);

}  // namespace chatterbox::gst

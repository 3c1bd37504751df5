// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "voice_converter.h"

// A conversion whose behaviour a test writes down. It says what it hears, sample
// for sample at its place, chunk by chunk with the latency of the real one, which
// it also resembles in setting in after it was muted; the voice only changes the
// level: 1 for the model's own, 0.5 for any other.
// Voices: a file whose name has "corrupt" is unreadable.
namespace chatterbox::gst {

struct ConverterScenario {
  std::atomic<int> chunk_ms{0};   // work on each chunk, also on the one under way
  std::atomic<int> fail_at{-1};   // this chunk fails with kModelFailure
  std::atomic<int> throw_at{-1};  // this one with no chatterbox::Error
  std::atomic<int> chunks{0};     // converted so far, muted ones not counted
  std::atomic<int> cancelled{0};
  std::function<void()> at_push;  // called in it
};

ConverterScenario& converter_scenario();
void reset_converter_scenario();

// `keep`: what it holds on to.
std::unique_ptr<VoiceConverter> make_scripted_converter(const std::string& voice_path,
                                                        const ConversionOptions& options,
                                                        std::shared_ptr<void> keep);

}  // namespace chatterbox::gst

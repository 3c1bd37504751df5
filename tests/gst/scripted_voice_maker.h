// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "synthesizer.h"
#include "voice_maker.h"

// An engine that makes voices of nothing, as slowly and as badly as a test wants.
namespace chatterbox::gst {

struct VoiceMakerScenario {
  std::chrono::milliseconds per_voice{0};
  bool fail = false;  // with kModelFailure
  double min_seconds = 1;
  std::function<void()> before_voice;  // called when all but the voice is there
  std::atomic<int> begun{0};
  std::atomic<int> made{0};
  std::atomic<int> cancelled{0};
};

VoiceMakerScenario& voice_maker_scenario();
void reset_voice_maker_scenario();

std::unique_ptr<VoiceMaker> make_scripted_voice_maker(std::shared_ptr<SpeechModel> model);

}  // namespace chatterbox::gst

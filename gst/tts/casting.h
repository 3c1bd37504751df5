// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include "tts_core.h"

namespace chatterbox::gst {

// Decides in which voice and way utterances are spoken, and hands them to the engine.
class Casting {
 public:
  explicit Casting(TtsCore& core) : core_(core) {}

  // Hands the utterance to the engine unless that was done ahead. `attempt`: which one it is.
  void submit(Utterance& utterance, int attempt);
  // The engine begins the next utterance while the one before is still being played.
  void submit_ahead();
  // The job failed because of a voice: warns, and another speaks. False when there is none.
  bool replace_voice(const SpeechJob& job);

 private:
  using Lock = TtsCore::Lock;
  SpeechChoice choice_for(const Utterance& utterance, const ScriptPart& part,
                          const TtsSettings& settings);
  void name_language(const Utterance& utterance, const ScriptPart& part,
                     const TtsSettings& settings, SynthesisOptions& options);
  std::string path_for(const Utterance& utterance, const ScriptPart& part,
                       const SpeechChoice& choice, const TtsSettings& settings);
  std::shared_ptr<SpeechJob> job_for(const Utterance& utterance, const TtsSettings& settings,
                                     int attempt);
  bool add_bad_voice(const std::string& voice);
  std::string voice_of(const Utterance& utterance, const TtsSettings& settings);
  bool has_controls() const;
  void sync_controls(GstClockTime timestamp);

  TtsCore& core_;
};

}  // namespace chatterbox::gst

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "chatterbox/engine.h"
#include "chatterbox/model_facts.h"
#include "chatterbox/options.h"
#include "voice_converter.h"
#include "voice_maker.h"

// The speech engine of the elements. The plugin links the one over chatterbox::Engine; tests link a
// scripted one, so that behaviour is tested without weights and in milliseconds.
namespace chatterbox::gst {

// Speech of text in one voice at a time; used by one thread at a time. Calls with a stop token
// throw kCancelled soon after it is asked to, at once if it was before the call.
class Synthesizer {
 public:
  using Sink = Engine::Sink;
  // Puts the watermark into speech, whole, at kOutputRateHz. Any thread.
  using Marker = std::function<std::vector<float>(std::vector<float>)>;

  virtual ~Synthesizer() = default;
  // Takes up a voice, from its file or a recording; an empty path is the model's own. Throws Error.
  virtual void set_voice(const std::string& path, std::stop_token stop) = 0;
  // As Engine::synthesize.
  virtual SynthesisStats speak(std::string_view text, const SynthesisOptions& options,
                               const Sink& sink, std::stop_token stop) = 0;
  // Watermark for speech that is changed after speak(), which would damage it. Throws Error.
  virtual Marker marker() = 0;
  // Makes the first speak() as quick as the others.
  virtual void warm_up(std::stop_token stop) = 0;
};

// Weights, shared by synthesizers and converters.
class SpeechModel {
 public:
  virtual ~SpeechModel() = default;
  virtual std::unique_ptr<Synthesizer> make_synthesizer() = 0;
  virtual std::unique_ptr<VoiceMaker> make_voice_maker() = 0;
  // With the voice of that file, as VoiceConverter::set_voice. Throws Error.
  virtual std::unique_ptr<VoiceConverter> make_converter(const std::string& voice_path,
                                                         const ConversionOptions& options,
                                                         std::stop_token stop) = 0;
};

// Reads the model in directory `path`. Slow; stops with kCancelled when
// `progress` returns false. Throws Error. Defined once in each program: see
// library_engine.cpp.
std::shared_ptr<SpeechModel> load_speech_model(const std::string& path, const ModelOptions& options,
                                               const Model::Progress& progress);

// As chatterbox::read_model_facts; defined in the same place.
ModelFacts speech_model_facts(const std::string& path, const std::string& family);

}  // namespace chatterbox::gst

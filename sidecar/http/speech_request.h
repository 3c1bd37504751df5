// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

#include "config.h"
#include "operations/request.h"

namespace chatterbox::sidecar {

// Request of a client of OpenAI's /v1/audio/speech.
struct Speech {
  SpeechRequest request;
  std::string format = "mp3";
  // As it was asked for; then, by its name, the one that is meant.
  std::string model;
  // Events of JSON instead of the bytes of a file.
  bool events = false;
  // Events tell when words are spoken.
  bool word_times = false;
};

// Reads a request's body. Throws RequestError.
Speech read_speech(JsonObject* body);

// The standard names of OpenAI's voices, each with a voice of ours that sounds alike.
class StandardVoices {
 public:
  // The setting `openai-voices`: "alloy=Amy,echo=Brian", which changes single ones. Throws Error.
  explicit StandardVoices(const std::string& setting);

  // Our name for one of theirs; empty: it is none of theirs.
  std::string ours(const std::string& theirs) const;
  // Theirs, in their order.
  std::vector<std::string> names() const;

 private:
  std::vector<std::pair<std::string, std::string>> voices_;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arguments.h"
#include "pipeline.h"

namespace chatterbox::cli {

// Where text comes from: words of the command line, a file in the form its ending says, or
// standard input.
class SpeechSource {
 public:
  // `words`: "-" alone is standard input. Throws UsageError, Error.
  SpeechSource(const std::vector<std::string>& words, const std::string& file);

  // Elements for before "! chatterboxtts"; empty where the text is its property.
  std::string elements() const;
  void prepare(Pipeline& pipeline) const;
  // Bytes of all the text; 0 where nobody knows.
  std::int64_t bytes() const { return bytes_; }

 private:
  enum class Kind { kText, kSsmlText, kFile, kSubtitles, kSsmlFile, kInput, kTyped };
  Kind kind_;
  std::string text_, file_;
  std::int64_t bytes_ = 0;
};

// Hands the options that every speaking command takes to the element `speech`.
void set_speech(Pipeline& pipeline, const Arguments& arguments);

// The same for what every command takes that loads a model.
void set_model(Pipeline& pipeline, const std::string& element, const Arguments& arguments);

}  // namespace chatterbox::cli

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

#include "pipeline.h"

namespace chatterbox::cli {

// Where a pipeline's audio goes: a file in the form that its ending says, or the speakers. A file
// has its name once it is whole; what fails leaves nothing.
class AudioOutput {
 public:
  // `path` empty: the speakers, or the elements `speakers` in their place. Throws Error for an
  // ending that is not known, or a missing encoder.
  AudioOutput(const std::string& path, const std::string& speakers);
  ~AudioOutput();
  AudioOutput(const AudioOutput&) = delete;
  AudioOutput& operator=(const AudioOutput&) = delete;

  bool is_file() const { return !path_.empty(); }
  const std::string& path() const { return path_; }

  // Elements for behind a "!".
  std::string elements() const;
  void prepare(Pipeline& pipeline) const;
  // The file is whole.
  void publish();

 private:
  std::string path_, part_, speakers_;
};

}  // namespace chatterbox::cli

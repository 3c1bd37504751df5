// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <string>

#include "chatterbox/watermark.h"

namespace chatterbox::tools {

// What a detector thinks of one file.
struct Judgement {
  double confidence = 0;
  bool marked = false;
};

// Throws Error for a file that cannot be read.
Judgement judge_recording(const WatermarkDetector& detector, const std::string& path);

// Writes `input` with the mark: FLAC where the name of `output` ends so, else WAV. Throws Error.
void mark_recording(const std::shared_ptr<const WatermarkModel>& model, const std::string& input,
                    const std::string& output);

}  // namespace chatterbox::tools

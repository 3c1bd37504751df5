// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "watermark_work.h"

#include "chatterbox/audio_file.h"

namespace chatterbox::tools {

Judgement judge_recording(const WatermarkDetector& detector, const std::string& path) {
  Judgement judgement;
  judgement.confidence = detector.confidence(read_audio_file(path));
  judgement.marked = judgement.confidence >= WatermarkDetector::kThreshold;
  return judgement;
}

void mark_recording(const std::shared_ptr<const WatermarkModel>& model, const std::string& input,
                    const std::string& output) {
  write_audio_file(output, apply_watermark(model, read_audio_file(input)),
                   output.ends_with(".flac") ? AudioFormat::kFlac : AudioFormat::kWav);
}

}  // namespace chatterbox::tools

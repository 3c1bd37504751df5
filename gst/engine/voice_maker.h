// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <stop_token>
#include <string>

#include "chatterbox/audio.h"

namespace chatterbox::gst {

// Maker of voices for chatterboxclone; used by one thread at a time.
class VoiceMaker {
 public:
  virtual ~VoiceMaker() = default;
  // 16 hexadecimal digits that name the weights.
  virtual std::string model_id() const = 0;
  // As Model::min_reference_seconds().
  virtual double min_seconds() const = 0;
  // Listens to somebody, as Engine::make_voice. Throws Error.
  virtual void make_voice(const Audio& recording, std::stop_token stop) = 0;
  // Writes the voice that was made, as Voice::save. Throws Error.
  virtual void save_voice(const std::string& path) = 0;
};

}  // namespace chatterbox::gst

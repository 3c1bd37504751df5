// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <utility>

#include "chatterbox/engine.h"
#include "chatterbox/voice.h"

namespace chatterbox {

class WatermarkDecoder;
class WatermarkEncoder;

// The library's access to the parts of its public classes that are hidden from users.
struct Internals {
  static const ModelParts& parts(const Model& model) { return *model.parts_; }

  static Voice voice(std::shared_ptr<const Conditionals> conditionals) {
    return Voice(std::move(conditionals));
  }
  static const std::shared_ptr<const Conditionals>& conditionals(const Voice& voice) {
    return voice.conditionals_;
  }

  // Read when first needed. Throw kNotFound or kBadFile.
  static const WatermarkEncoder& encoder(const WatermarkModel& model);
  static const WatermarkDecoder& decoder(const WatermarkModel& model);
};

}  // namespace chatterbox

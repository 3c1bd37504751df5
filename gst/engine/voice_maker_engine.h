// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>

#include "chatterbox/engine.h"
#include "voice_maker.h"

namespace chatterbox::gst {

// The one over chatterbox::Engine.
std::unique_ptr<VoiceMaker> make_engine_voice_maker(std::shared_ptr<const Model> model);

}  // namespace chatterbox::gst

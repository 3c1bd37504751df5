// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <memory>
#include <string>

#include "voice_converter.h"

namespace chatterbox::gst {

// The model's own voice. Throws kNotFound when it has none.
const Voice& own_voice(const Model& model);

// A converter over chatterbox::Converter.
std::unique_ptr<VoiceConverter> make_engine_converter(std::shared_ptr<const Model> model,
                                                      const std::string& voice_path,
                                                      const ConversionOptions& options);

}  // namespace chatterbox::gst

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

#include "chatterbox/paths.h"

namespace chatterbox::gst {

using chatterbox::find_model;

// The file of a voice: "" for the model's own; else what VoiceLibrary::path_of()
// finds in the libraries of this machine. Throws kNotFound.
std::string find_voice(const std::string& setting);

}  // namespace chatterbox::gst

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

#include "chatterbox/voice_library.h"
#include "console.h"

namespace chatterbox::cli {

// Writes a voice to a file with its description: the recording as FLAC with tags, or a .safetensors
// voice as it is. Throws Error.
void export_voice(const VoiceEntry& voice, const std::string& path, const Console& console);

// Description in the tags of such a file; a missing name is the file's. Throws Error.
NewVoice read_voice_tags(const std::string& path, const Console& console);

}  // namespace chatterbox::cli

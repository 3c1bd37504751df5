// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "paths.h"

#include "chatterbox/voice_library.h"

namespace chatterbox::gst {

std::string find_voice(const std::string& setting) {
  return setting.empty() ? "" : VoiceLibrary().path_of(setting);
}

}  // namespace chatterbox::gst

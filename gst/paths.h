// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

namespace chatterbox::gst {

// The directory of the model: `setting`, else $CHATTERBOX_MODEL_PATH, else the
// installed model of this project. Throws kNotFound when there is none.
std::string find_model(const std::string& setting);

// Where a bare voice name is looked up, most important first:
// $CHATTERBOX_VOICES_PATH, the user's own voices, the installed ones.
std::vector<std::string> voice_directories();

// The file of a voice: "" for the model's own; a path; or a bare name such as
// "ada", looked up as ada.safetensors in voice_directories(). Throws kNotFound,
// naming voices that are spelt alike.
std::string find_voice(const std::string& setting);

}  // namespace chatterbox::gst

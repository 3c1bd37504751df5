// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace chatterbox {

// The directory of the model: `setting`, else $CHATTERBOX_MODEL_PATH, else the
// installed model of this project. Both may be a path or, where no such directory is there, the
// name of a model in one of model_directories(). Throws kNotFound when there is none, saying how
// to fetch a published one.
std::string find_model(const std::string& setting);

// Where the user's own models are kept, each in a directory of its name:
// $XDG_DATA_HOME/gst-chatterbox/models, or the same below ~/.local/share. Empty when the user has
// no home. Need not exist.
std::string own_model_directory();

// Where models that were fetched for every user of the machine are kept.
std::string system_model_directory();

// Directories in which models are found by name, most important first: the user's own, the
// system's, the installed ones. They need not exist.
std::vector<std::string> model_directories();

// Which of several models in its directory is meant, for ModelOptions::family: `setting`, else
// $CHATTERBOX_MODEL_FAMILY, else empty.
std::string find_model_family(const std::string& setting);

// Attention mask for ModelOptions::attention: `setting`, else $CHATTERBOX_ATTENTION, else "auto".
std::string find_attention(const std::string& setting);

// For ModelOptions::quality: `setting`, else $CHATTERBOX_QUALITY, else empty.
std::string find_quality_name(const std::string& setting);

// The directory of the watermark's weights: `setting`, else $CHATTERBOX_WATERMARK_PATH, else the
// directory "watermark" in or beside `model_path` where one is given, else the installed one.
// Throws kNotFound when there is none.
std::string find_watermark(const std::string& setting = {}, const std::string& model_path = {});

// Where the user's own voices are kept: $XDG_DATA_HOME/gst-chatterbox/voices, or the
// same below ~/.local/share. Empty when the user has no home. Need not exist.
std::string own_voice_directory();

// Directories of other voices, most important first: those in $CHATTERBOX_VOICES_PATH
// (separated by colons), then the installed ones. They need not exist.
std::vector<std::string> installed_voice_directories();

}  // namespace chatterbox
#pragma GCC visibility pop

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>

#include "command_table.h"

namespace chatterbox::cli {

// chatterbox(1), and the page of one command with its actions, for man.
std::string overview_page(const std::string& version);
std::string command_page(const std::string& first_word, const std::string& version);

// Completions that shells offer behind "chatterbox".
std::string bash_completion();
std::string zsh_completion();

}  // namespace chatterbox::cli

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <string_view>

namespace chatterbox::sidecar {

enum class Level { kDebug, kInfo, kWarning };

void set_log_level(Level least);

// One line on the standard error stream: time, level, message. Callers name jobs
// by id and never write text, audio, keys or names of voices.
void log(Level level, std::string_view message);

}  // namespace chatterbox::sidecar

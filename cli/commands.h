// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <map>
#include <string>

#include "arguments.h"
#include "console.h"

namespace chatterbox::cli {

// Exit statuses of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;      // it could not be done, or a check says no
inline constexpr int kWrongUsage = 2;  // of the command line

using Run = std::function<int(const Arguments&, const Console&)>;

// Functions that rows of the table run, by the rows' names.
using Runs = std::map<std::string, Run>;
void add_bench_command(Runs& runs);
void add_hearing_commands(Runs& runs);
void add_model_commands(Runs& runs);
void add_speaking_commands(Runs& runs);
void add_voice_commands(Runs& runs);
void add_watermark_commands(Runs& runs);

}  // namespace chatterbox::cli

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <string_view>

#pragma GCC visibility push(default)
namespace chatterbox {

enum class LogLevel { kDebug, kInfo, kWarning };

// May be called from any thread that calls into the library. The library never
// prints; without a sink, messages are dropped. Text and audio content is
// never logged above kDebug, but for words that could not be spoken.
using LogSink = std::function<void(LogLevel, std::string_view message)>;

void set_log_sink(LogSink sink);

}  // namespace chatterbox
#pragma GCC visibility pop

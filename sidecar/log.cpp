// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "log.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace chatterbox::sidecar {
namespace {

std::atomic<Level> least_level{Level::kInfo};

const char* name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    default:
      return "warning";
  }
}

}  // namespace

void set_log_level(Level least) { least_level = least; }

void log(Level level, std::string_view message) {
  if (level < least_level) return;
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const int milliseconds = int(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char stamp[40];
  const std::size_t length = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(stamp + length, sizeof stamp - length, ".%03dZ", milliseconds);
  std::string line = std::string(stamp) + " " + name(level) + " ";
  // A line is a line, whatever a message quotes.
  for (const char c : message) line += (unsigned char)c < 0x20 ? ' ' : c;
  line += '\n';
  // One write, so that lines of threads do not mix.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace chatterbox::sidecar

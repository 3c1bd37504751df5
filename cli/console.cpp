// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "console.h"

#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace chatterbox::cli {

void Console::note(const std::string& text) const {
  if (quiet_) return;
  end_progress();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void Console::warn(const std::string& text) const {
  end_progress();
  std::fprintf(stderr, "%s\n", text.c_str());
}

bool Console::shows_progress() const { return !quiet_ && isatty(STDERR_FILENO) != 0; }

void Console::progress(const std::string& text) const {
  if (!shows_progress()) return;
  std::fprintf(stderr, "\r%s\033[K", text.c_str());
  std::fflush(stderr);
}

void Console::end_progress() const {
  if (shows_progress()) std::fputs("\r\033[K", stderr);
}

std::string progress_bar(double fraction) {
  constexpr int kColumns = 20;
  const double part = std::clamp(fraction, 0.0, 1.0);
  std::string bar(kColumns, '.');
  std::fill_n(bar.begin(), int(part * kColumns), '#');
  return "[" + bar + "] " + std::to_string(int(part * 100)) + " %";
}

std::string readable_bytes(std::int64_t bytes) {
  const char* units[] = {"bytes", "kB", "MB", "GB", "TB"};
  double value = double(bytes);
  int unit = 0;
  while (value >= 999.5 && unit < 4) {
    value /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit < 3 || value >= 100 ? "%.0f %s" : "%.1f %s", value,
                units[unit]);
  return text;
}

std::string readable_time(double seconds) {
  const auto whole = std::int64_t(std::ceil(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string padded(const std::string& text, std::size_t columns) {
  const auto length = std::size_t(g_utf8_strlen(text.c_str(), -1));
  return text + std::string(columns > length ? columns - length : 1, ' ');
}

}  // namespace chatterbox::cli

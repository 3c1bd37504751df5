// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <cstdint>
#include <string>

namespace chatterbox::cli {

// Output of a command: results to standard output, all else to standard error.
class Console {
 public:
  Console(bool quiet, bool json) : quiet_(quiet), json_(json) {}

  bool json() const { return json_; }

  // Prints news that are no result; silent with --quiet.
  void note(const std::string& text) const;
  // Prints a fault that does not end the command.
  void warn(const std::string& text) const;

  // Whether a bar would be seen: standard error is a terminal, and nobody asked for quiet.
  bool shows_progress() const;
  // One line that the next one replaces.
  void progress(const std::string& text) const;
  void end_progress() const;

 private:
  bool quiet_, json_;
};

// "[#####...............] 25 %", for a progress.
std::string progress_bar(double fraction);
// "1.9 GB", "12 kB".
std::string readable_bytes(std::int64_t bytes);
// "2 h 5 min", "1 min 12 s", "9 s".
std::string readable_time(double seconds);
// Text with its first `columns` columns filled by blanks.
std::string padded(const std::string& text, std::size_t columns);

}  // namespace chatterbox::cli

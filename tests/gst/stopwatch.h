// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace chatterbox::gst {

// How long something takes, less the time for which threads of this process were ready to
// run and had to wait for a processor (Linux counts it for each thread). What waits for
// something else takes as long on a busy machine as on an idle one.
class Stopwatch {
 public:
  double milliseconds() const {
    double waited = 0;
    for (const auto& [thread, nanoseconds] : delays()) {
      const auto before = before_.find(thread);
      waited += (nanoseconds - (before == before_.end() ? 0 : before->second)) / 1e6;
    }
    const std::chrono::duration<double, std::milli> passed = Clock::now() - begin_;
    return std::max(0.0, passed.count() - waited);
  }

 private:
  using Clock = std::chrono::steady_clock;

  static std::map<std::string, double> delays() {
    std::map<std::string, double> delays;
    std::error_code ignored;
    std::filesystem::directory_iterator threads("/proc/self/task", ignored), end;
    for (; threads != end; threads.increment(ignored)) {
      double running = 0, waiting = 0;
      std::ifstream file(threads->path() / "schedstat");
      if (file >> running >> waiting) delays[threads->path().filename().string()] = waiting;
    }
    return delays;
  }

  const std::map<std::string, double> before_ = delays();
  const Clock::time_point begin_ = Clock::now();
};

}  // namespace chatterbox::gst

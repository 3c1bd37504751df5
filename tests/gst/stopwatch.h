// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "gst_check.h"

namespace chatterbox::gst {

// How long something takes, less the time for which threads of this process were ready to
// run and had to wait for a processor (Linux counts it for each thread). What waits for
// something else takes as long on a busy machine as on an idle one.
class Stopwatch {
 public:
  double milliseconds() const {
    double waited = 0;
    const auto now = delays();
    for (const auto& [thread, nanoseconds] : now) {
      const auto before = before_.find(thread);
      waited += (nanoseconds - (before == before_.end() ? 0 : before->second)) / 1e6;
    }
    // A thread that has ended took its count with it: at most what anybody waited.
    const bool ended = std::any_of(before_.begin(), before_.end(),
                                   [&](const auto& before) { return !now.contains(before.first); });
    if (ended) waited += (pressure_microseconds() - pressure_) / 1e3;
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

  // Time for which any thread of the machine waited for a processor (Linux's pressure stall).
  static double pressure_microseconds() {
    std::ifstream file("/proc/pressure/cpu");
    for (std::string word; file >> word;)
      if (word.starts_with("total=")) return std::stod(word.substr(6));
    return 0;
  }

  const std::map<std::string, double> before_ = delays();
  const double pressure_ = pressure_microseconds();
  const Clock::time_point begin_ = Clock::now();
};

// The longest time that something took which an application waits for; more than half a second
// is a failure.
class Slowest {
 public:
  // Takes the time of `action`, called `what`.
  template <class Action>
  void time(const char* what, Action action) {
    const Stopwatch watch;
    action();
    const double took = watch.milliseconds();
    fail_unless(took < kLimitMs, "%s took %g ms", what, took);
    if (took < milliseconds_) return;
    milliseconds_ = took;
    what_ = what;
  }
  void print(const char* element) const {
    std::printf("%s: slowest was %s, %.1f ms\n", element, what_.c_str(), milliseconds_);
  }

 private:
  static constexpr double kLimitMs = 500;
  double milliseconds_ = 0;
  std::string what_ = "nothing";
};

}  // namespace chatterbox::gst

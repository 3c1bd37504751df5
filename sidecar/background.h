// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include "barrier.h"
#include "named_thread.h"

namespace chatterbox::sidecar {

// A thread for work that would keep the main loop: reading requests, reading results from disk.
// Tasks run one after the other, those of one owner in their order and owners in turn: nobody waits
// for all that another has asked for. Of what one throws the log tells.
class Background {
 public:
  explicit Background(const char* name) : thread_(named_thread(name, [this] { loop(); })) {}
  ~Background() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }
  void run(std::function<void()> task, const std::string& owner = {}) {
    const std::lock_guard lock(mutex_);
    auto line = lines_.begin();
    while (line != lines_.end() && line->owner != owner) ++line;
    if (line == lines_.end()) line = lines_.insert(line, Line{owner, {}});
    line->tasks.push_back(std::move(task));
    changed_.notify_one();
  }

 private:
  struct Line {
    std::string owner;
    std::deque<std::function<void()>> tasks;
  };

  void loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !lines_.empty(); });
      if (ending_) return;
      Line& first = lines_.front();
      if (first.tasks.empty()) {
        lines_.pop_front();
        continue;
      }
      auto task = std::move(first.tasks.front());
      first.tasks.pop_front();
      // The owner's next one comes after those of the others.
      lines_.splice(lines_.end(), lines_, lines_.begin());
      lock.unlock();
      run_guarded("a task in the background", task);
      task = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_. Of owners that have tasks, or had; next in turn first.
  std::list<Line> lines_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "background.h"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace chatterbox::gst {

namespace {

constexpr std::chrono::seconds kPatienceAtExit{10};

class Threads {
 public:
  // At exit, while everything that the threads use still exists.
  ~Threads() {
    std::unique_lock lock(mutex_);
    all_idle_.wait_for(lock, kPatienceAtExit, [this] { return busy_ == 0; });
  }

  void add(int change) {
    std::lock_guard lock(mutex_);
    busy_ += change;
    if (busy_ == 0) all_idle_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    all_idle_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_idle_;
  int busy_ = 0;
};

Threads& threads() {
  static Threads threads;
  return threads;
}

}  // namespace

void run_in_background(const char* name, std::function<void()> work) {
  threads().add(1);
  try {
    std::thread([name = std::string(name), work = std::move(work)]() mutable {
      pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
      work();
      work = nullptr;  // what it holds is gone before it counts as ended
      threads().add(-1);
    }).detach();
  } catch (...) {
    threads().add(-1);
    throw;
  }
}

void background_idle() { threads().add(-1); }
void background_busy() { threads().add(1); }

void wait_for_background() { threads().wait(); }

}  // namespace chatterbox::gst

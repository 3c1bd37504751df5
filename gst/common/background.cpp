// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "background.h"

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

namespace chatterbox::gst {

namespace {

constexpr std::chrono::seconds kPatienceAtExit{10};

class Threads {
 public:
  void add(int change) {
    std::lock_guard lock(mutex_);
    busy_ += change;
    if (busy_ == 0) all_idle_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    all_idle_.wait(lock, [this] { return busy_ == 0; });
  }

  void end() {
    ending_.request_stop();
    std::unique_lock lock(mutex_);
    all_idle_.wait_for(lock, kPatienceAtExit, [this] { return busy_ == 0; });
  }

  std::stop_token ending() const { return ending_.get_token(); }

 private:
  std::mutex mutex_;
  std::condition_variable all_idle_;
  std::stop_source ending_;
  int busy_ = 0;
};

// Outlives the threads that the process does not wait for.
Threads& threads() {
  static Threads* threads = new Threads;
  return *threads;
}

struct EndOfThread {
  bool watched = false;
  ~EndOfThread() {
    if (watched && getpid() == gettid()) threads().end();
  }
};
thread_local EndOfThread end_of_thread;

}  // namespace

// Objects of the main thread go before static ones. An atexit() handler would
// come too late: oneDNN makes static tables whenever it first needs one, and what
// is made after a handler was registered is gone before it runs.
void wait_at_exit() {
  end_of_thread.watched = true;
  static std::once_flag once;
  // Another thread may end the process.
  std::call_once(once, [] { std::atexit([] { threads().end(); }); });
}

bool process_is_ending() { return threads().ending().stop_requested(); }
std::stop_token process_end() { return threads().ending(); }

void run_in_background(const char* name, std::function<void()> work) {
  wait_at_exit();
  if (process_is_ending()) return;
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

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <string>
#include <utility>

#include "ask.h"
#include "jobs/job_store.h"

namespace chatterbox::sidecar {

// The store as the main loop uses it, which waits for no disk: a call is made in a thread of this
// class, and what it returned is given back in the main loop. Reading does not wait for writing.
// Calls of one kind are made in the order they were asked for.
class AsyncStore {
 public:
  explicit AsyncStore(JobStore& store) : store_(store) {}

  // `call` takes the store and returns something; `then`, in the main loop, takes its Outcome.
  template <class Call, class Then>
  void read(Call call, Then then) {
    ask_store(reads_, std::move(call), std::move(then));
  }
  template <class Call, class Then>
  void write(Call call, Then then) {
    ask_store(writes_, std::move(call), std::move(then));
  }

  // These are kept in memory.
  JobCounts counts() { return store_.counts(); }
  JobCounts counts(const std::string& owner) { return store_.counts(owner); }
  QueueFigures figures() { return store_.figures(); }
  bool available() { return store_.available(); }

  // For threads that may wait for the disk, which that of the main loop may not.
  JobStore& blocking() { return store_; }

 private:
  template <class Call, class Then>
  void ask_store(Background& thread, Call call, Then then) {
    ask(
        thread, [this, call = std::move(call)]() mutable { return call(store_); }, std::move(then));
  }

  JobStore& store_;
  Background reads_{"store reads"}, writes_{"store writes"};
};

}  // namespace chatterbox::sidecar

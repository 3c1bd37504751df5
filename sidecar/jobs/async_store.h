// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "background.h"
#include "jobs/job_store.h"
#include "main_loop.h"

namespace chatterbox::sidecar {

// Result or exception of a call to the store.
template <class Value>
class StoreAnswer {
 public:
  template <class Call>
  void take(Call& call) {
    try {
      value_.emplace(call());
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  // Throws what the call threw.
  Value& get() {
    if (failure_) std::rethrow_exception(failure_);
    return *value_;
  }

 private:
  std::optional<Value> value_;
  std::exception_ptr failure_;
};

// The store as the main loop uses it, which waits for no disk: a call is made in a thread of this
// class, and what it returned is given back in the main loop. Reading does not wait for writing.
// Calls of one kind are made in the order they were asked for.
class AsyncStore {
 public:
  explicit AsyncStore(JobStore& store) : store_(store) {}

  // `call` takes the store and returns something; `then`, in the main loop, takes the answer and
  // is let go of there as well.
  template <class Call, class Then>
  void read(Call call, Then then) {
    ask(reads_, std::move(call), std::move(then));
  }
  template <class Call, class Then>
  void write(Call call, Then then) {
    ask(writes_, std::move(call), std::move(then));
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
  void ask(Background& thread, Call call, Then then) {
    using Value = std::invoke_result_t<Call, JobStore&>;
    // Held by one thread at a time.
    struct Question {
      Call call;
      Then then;
      StoreAnswer<Value> answer;
    };
    auto question = std::make_shared<Question>(Question{std::move(call), std::move(then), {}});
    // Whatever becomes of the call, its answer comes back.
    auto ready = std::make_shared<ReadyTask>([question] { question->then(question->answer); });
    thread.run([this, question = std::move(question), ready = std::move(ready)]() mutable {
      auto made = [&] { return question->call(store_); };
      question->answer.take(made);
      question.reset();
      ready->post();
    });
  }

  JobStore& store_;
  Background reads_{"store reads"}, writes_{"store writes"};
};

}  // namespace chatterbox::sidecar

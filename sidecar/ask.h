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
#include "main_loop.h"

namespace chatterbox::sidecar {

// Result or exception of work that was done in another thread.
template <class Value>
class Outcome {
 public:
  template <class Work>
  void take(Work& work) {
    try {
      value_.emplace(work());
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  // Throws what the work threw.
  Value& get() {
    if (failure_) std::rethrow_exception(failure_);
    return *value_;
  }

 private:
  std::optional<Value> value_;
  std::exception_ptr failure_;
};

// Has `work`, which takes nothing and returns something, done in `thread` in the turn of `owner`,
// and gives its Outcome to `then` in the main loop, whatever becomes of the work. `work` ends in
// that thread, `then` in the main loop. For the main loop, which waits for nothing; what this
// throws, it throws before the work is begun.
template <class Work, class Then>
void ask(Background& thread, Work work, Then then, const std::string& owner = {}) {
  using Value = std::invoke_result_t<Work&>;
  // Held by one thread at a time.
  struct Question {
    std::optional<Work> work;
    Then then;
    Outcome<Value> outcome;
  };
  auto question = std::make_shared<Question>(Question{std::move(work), std::move(then), {}});
  auto ready = std::make_shared<ReadyTask>([question] { question->then(question->outcome); });
  thread.run(
      [question = std::move(question), ready = std::move(ready)]() mutable {
        question->outcome.take(*question->work);
        question->work.reset();
        question.reset();
        ready->post();
      },
      owner);
}

}  // namespace chatterbox::sidecar

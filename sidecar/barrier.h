// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <exception>
#include <string>
#include <type_traits>

#include "log.h"

namespace chatterbox::sidecar {

// Inside a handler of exceptions: what was thrown, in the log. Throws nothing.
inline void log_exception(const char* what) noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& error) {
      log(Level::kWarning, std::string(what) + " failed: " + error.what());
    } catch (...) {
      log(Level::kWarning, std::string(what) + " failed");
    }
  } catch (...) {
    // There is no memory for the line either.
  }
}

// Runs `action`; what it throws is logged. For the ends of threads and for destructors.
template <class Action>
void run_guarded(const char* what, Action&& action) noexcept {
  try {
    action();
  } catch (...) {
    log_exception(what);
  }
}

struct ReturnZero {};

template <class Function, class Otherwise, class Result, class... Arguments>
struct ForC {
  static Result call(Arguments... arguments) noexcept {
    try {
      return Function{}(arguments...);
    } catch (...) {
      log_exception("a callback");
    }
    if constexpr (std::is_same_v<Otherwise, ReturnZero>)
      return Result();
    else
      return Otherwise{}(arguments...);
  }
};

template <class Function, class Otherwise, class Result, class... Arguments>
constexpr auto for_c_of(Result (*)(Arguments...)) {
  static_assert(std::is_empty_v<Otherwise>, "expected a lambda without captures");
  return &ForC<Function, Otherwise, Result, Arguments...>::call;
}

template <auto function>
struct CallOf {
  template <class... Arguments>
  auto operator()(Arguments... arguments) const {
    return function(arguments...);
  }
};

// Makes of a lambda without captures a function that C may call. An exception in C's frames is
// the end of the process: what the lambda throws is logged, and C gets what `otherwise` returns
// for the same arguments, or nothing. `otherwise` throws nothing and, as memory may have run out,
// asks for none.
template <class Function, class Otherwise = ReturnZero>
constexpr auto for_c(Function, Otherwise = {}) {
  return for_c_of<Function, Otherwise>(+Function{});
}

// The same of a function that has a name: for_c<write>().
template <auto function, class Otherwise = ReturnZero>
constexpr auto for_c(Otherwise = {}) {
  return for_c_of<CallOf<function>, Otherwise>(function);
}

}  // namespace chatterbox::sidecar

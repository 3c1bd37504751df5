// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <new>

#include "chatterbox/error.h"

namespace chatterbox {

// Runs `work` without autograd, and turns what libtorch throws into Error, so
// that nothing else leaves the library.
template <typename Work>
auto with_torch(Work&& work) {
  const c10::InferenceMode inference;
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    throw Error(ErrorCode::kOutOfMemory, error.what_without_backtrace());
  } catch (const c10::Error& error) {
    throw Error(ErrorCode::kModelFailure, error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, "memory is exhausted");
  }
}

}  // namespace chatterbox

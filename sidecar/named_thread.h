// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <pthread.h>

#include <thread>
#include <utility>

#include "barrier.h"

namespace chatterbox::sidecar {

// A thread under a name of at most 15 characters, which debuggers and `top -H` show. What `action`
// throws is logged and ends this thread alone.
template <class Action>
std::thread named_thread(const char* name, Action action) {
  return std::thread([name, action = std::move(action)]() mutable {
    pthread_setname_np(pthread_self(), name);
    run_guarded(name, action);
  });
}

}  // namespace chatterbox::sidecar

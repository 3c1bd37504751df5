// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <glib-unix.h>
#include <glib.h>

#include <functional>
#include <memory>

#include "barrier.h"

namespace chatterbox::sidecar {

// A task for the main loop that fails no more once it is here: post() asks for no memory of ours.
class ReadyTask {
 public:
  explicit ReadyTask(std::function<void()> task)
      : held_(std::make_unique<std::function<void()>>(std::move(task))) {}
  // Once. Any thread may call. (g_main_context_invoke() would run it here before the loop has
  // begun.)
  void post() {
    g_idle_add_full(G_PRIORITY_DEFAULT, for_c([](gpointer data) -> gboolean {
                      (*static_cast<std::function<void()>*>(data))();
                      return G_SOURCE_REMOVE;
                    }),
                    held_.release(),
                    [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
  }

 private:
  std::unique_ptr<std::function<void()>> held_;
};

// Calls `task` soon in the thread of the main loop, never at once.
inline void post(std::function<void()> task) { ReadyTask(std::move(task)).post(); }

// A task that GLib calls again and again, for ever, whatever it throws.
class LastingTask {
 public:
  using Function = std::function<void()>;
  static constexpr auto kCall = for_c(
      [](gpointer task) -> gboolean {
        (*static_cast<Function*>(task))();
        return G_SOURCE_CONTINUE;
      },
      [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; });
  static void free(gpointer task) { delete static_cast<Function*>(task); }
};

// Calls `task` every `milliseconds` in the thread of the main loop, for ever.
inline void post_every(unsigned milliseconds, std::function<void()> task) {
  g_timeout_add_full(G_PRIORITY_DEFAULT, milliseconds, LastingTask::kCall,
                     new std::function<void()>(std::move(task)), LastingTask::free);
}

// Calls `task` in the thread of the main loop whenever the process gets the signal, for ever.
inline void post_on_signal(int number, std::function<void()> task) {
  g_unix_signal_add_full(G_PRIORITY_DEFAULT, number, LastingTask::kCall,
                         new std::function<void()>(std::move(task)), LastingTask::free);
}

}  // namespace chatterbox::sidecar

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

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

// Calls `task` every `milliseconds` in the thread of the main loop, for ever.
inline void post_every(unsigned milliseconds, std::function<void()> task) {
  auto* held = new std::function<void()>(std::move(task));
  g_timeout_add_full(G_PRIORITY_DEFAULT, milliseconds,
                     for_c(
                         [](gpointer data) -> gboolean {
                           (*static_cast<std::function<void()>*>(data))();
                           return G_SOURCE_CONTINUE;
                         },
                         [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }),
                     held, [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
}

}  // namespace chatterbox::sidecar

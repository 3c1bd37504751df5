// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <glib.h>

#include <exception>
#include <functional>
#include <string>

#include "log.h"

namespace chatterbox::sidecar {

// No exception passes into GLib: what a task leaves undone is logged.
inline void run_task(const std::function<void()>& task) {
  try {
    task();
  } catch (const std::exception& error) {
    log(Level::kWarning, std::string("a task failed: ") + error.what());
  }
}

// Calls `task` soon in the thread of the main loop, never at once. Any thread may
// call. (g_main_context_invoke() would run it here before the loop has begun.)
inline void post(std::function<void()> task) {
  auto* held = new std::function<void()>(std::move(task));
  g_idle_add_full(
      G_PRIORITY_DEFAULT,
      [](gpointer data) -> gboolean {
        run_task(*static_cast<std::function<void()>*>(data));
        return G_SOURCE_REMOVE;
      },
      held, [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
}

// Calls `task` every `milliseconds` in the thread of the main loop, for ever.
inline void post_every(unsigned milliseconds, std::function<void()> task) {
  auto* held = new std::function<void()>(std::move(task));
  g_timeout_add_full(
      G_PRIORITY_DEFAULT, milliseconds,
      [](gpointer data) -> gboolean {
        run_task(*static_cast<std::function<void()>*>(data));
        return G_SOURCE_CONTINUE;
      },
      held, [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
}

}  // namespace chatterbox::sidecar

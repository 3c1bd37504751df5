// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>

namespace chatterbox::gst {

// Runs `work` in a thread of its own that nobody has to join: loading a model
// or leaving a synthesis may take longer than an element may take to change
// state. When the process ends it waits for such threads, some seconds at most,
// so `work` must end soon after it is told to, by a flag of its own. It must
// not throw.
void run_in_background(const char* name, std::function<void()> work);

// A background thread says so before it only waits for orders, and may then be
// left behind when the process ends; whoever gives it an order says so first.
void background_idle();
void background_busy();

// Waits until all of them are idle or gone.
void wait_for_background();

}  // namespace chatterbox::gst

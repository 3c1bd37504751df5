// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <functional>
#include <stop_token>

namespace chatterbox::gst {

// Runs `work` in a thread of its own that nobody has to join: loading a model
// or leaving a synthesis may take longer than an element may take to change
// state. When the process ends it waits for such threads, some seconds at most,
// so `work` must end soon after it is told to, by a flag of its own or by
// process_is_ending(). It must not throw.
void run_in_background(const char* name, std::function<void()> work);

// The process waits from now on, if the calling thread is its main one. Where an
// element may be told to work from other threads, the plugin calls it early.
void wait_at_exit();

// True once exit() was called: work in the background is to stop, none begins.
bool process_is_ending();
// The same, for work that takes a token.
std::stop_token process_end();

// A background thread that only waits for orders is idle, and may be left behind when the process
// ends; it is made busy again before it is given an order.
void background_idle();
void background_busy();

// Waits until all of them are idle or gone.
void wait_for_background();

}  // namespace chatterbox::gst

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <string>

#include "console.h"

namespace chatterbox::cli {

// One pipeline of elements, run to its end.
class Pipeline {
 public:
  // As gst-launch-1.0 takes it. Throws Error where an element is missing, saying what to install.
  explicit Pipeline(const std::string& description);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Sets a property as text. Throws Error for a value that it cannot have.
  void set(const std::string& element, const std::string& property, const std::string& value);
  // The pipeline's; valid for as long as it lives.
  GstElement* element(const std::string& name) const;

  // Plays to the end of the stream, showing how a model is loaded. Ctrl-C ends the stream early
  // where `may_end_early`, else the run. Throws Error with what an element says is wrong.
  using OnMessage = std::function<void(GstMessage*)>;
  using OnTick = std::function<void()>;  // some times a second
  void run(const Console& console, const OnMessage& on_message = {}, const OnTick& on_tick = {},
           bool may_end_early = false);

 private:
  std::unique_ptr<GstElement, void (*)(gpointer)> pipeline_;
};

// Whether there is an element of that factory.
bool has_element(const std::string& factory);

// Initializes GStreamer, once.
void start_gstreamer();

// Text as an argument of gst_parse_launch().
std::string quoted(const std::string& text);

}  // namespace chatterbox::cli

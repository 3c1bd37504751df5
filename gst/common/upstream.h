// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/gst.h>

#include <atomic>

namespace chatterbox::gst {

// Upstream's answers: whether it is live, and its latency then. Any thread.
class Upstream {
 public:
  explicit Upstream(GstPad* sink_pad) : sink_pad_(sink_pad) {}

  void forget();
  // Asks, unless there is an answer. Takes no notice of an upstream that cannot tell yet.
  void look() {
    if (!known_) refresh();
  }
  // Asks again.
  void refresh();
  bool known() const { return known_; }
  bool live() const { return live_; }
  GstClockTime latency() const { return latency_; }

  // Answers a LATENCY query: upstream's answer, which is remembered, and what the element adds to
  // it where the stream is live. `least` is added to the minimum, `most` to a maximum that exists.
  void answer(GstQuery* query, bool element_is_live, GstClockTime least, GstClockTime most);

 private:
  bool ask(GstQuery* query, GstClockTime& least, GstClockTime& most);

  GstPad* const sink_pad_;
  std::atomic<bool> known_{false}, live_{false};
  std::atomic<GstClockTime> latency_{0};
};

}  // namespace chatterbox::gst

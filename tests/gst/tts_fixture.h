// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/audio/audio.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gst_check.h"
#include "scripted_synthesizer.h"

namespace chatterbox::gst {

// What came out of the element up to EOS, or for as long as it was asked.
struct Heard {
  struct Buffer {
    GstClockTime pts, duration;
    bool discont, gap;
    std::size_t frames;
  };
  std::vector<Buffer> buffers;
  std::vector<double> samples;  // in [-1, 1]
  int rate = 0;
  std::string format;

  // Bytes of text as their pitch tells, at any rate.
  std::string text() const;
  double seconds() const { return rate ? double(samples.size()) / rate : 0; }
};

// chatterboxtts in a harness: not live unless told, bus attached.
class TtsHarness {
 public:
  // Properties as "name=value" pairs; `linked` false leaves the sink pad alone.
  explicit TtsHarness(std::initializer_list<std::pair<const char*, const char*>> properties = {},
                      bool linked = true, bool live = false);
  ~TtsHarness();
  TtsHarness(const TtsHarness&) = delete;
  TtsHarness& operator=(const TtsHarness&) = delete;

  GstHarness* get() const { return harness_; }
  GstElement* element() const { return element_; }

  // stream-start, caps and segment, as a text source sends them.
  void start(GstFormat format = GST_FORMAT_BYTES, const char* caps = nullptr);
  void start(const GstSegment& segment, const char* caps = nullptr);
  GstFlowReturn text(std::string_view text, GstClockTime pts = GST_CLOCK_TIME_NONE,
                     GstClockTime duration = GST_CLOCK_TIME_NONE);
  void eos();
  // EOS has come out.
  bool ended() const;
  // All buffers up to EOS.
  Heard hear();
  // The next buffer, added to `heard`.
  void hear_one(Heard& heard);

  // The next bus message of the type, within two seconds; null when none came.
  GstMessage* message(GstMessageType types);
  // The next element message of that name. Fails the test when none comes.
  GstStructure* report(const char* name);
  // Asserts that the next error is of that code.
  void expect_error(GQuark domain, gint code);
  void expect_warning(GQuark domain, gint code);

 private:
  void add(Heard& heard, GstBuffer* buffer);
  void expect(GstMessageType type, GQuark domain, gint code);
  GstElement* element_;
  GstHarness* harness_;
  GstBus* bus_;
};

// Each buffer begins where the one before ended, unless it is DISCONT.
void assert_perfect(const Heard& heard);

void assert_text(const std::string& heard, const std::string& expected);

double milliseconds_of(const std::function<void()>& action);

}  // namespace chatterbox::gst

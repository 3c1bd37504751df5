// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/audio/audio.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "gst_check.h"
#include "scripted_converter.h"
#include "scripted_synthesizer.h"

namespace chatterbox::gst {

// What came out of the element.
struct Converted {
  struct Buffer {
    GstClockTime pts, duration;
    bool discont;
    std::size_t frames;
  };
  std::vector<Buffer> buffers;
  std::vector<float> samples;
  int rate = 0;

  GstClockTime begin() const { return buffers.front().pts; }
  GstClockTime end() const { return buffers.back().pts + buffers.back().duration; }
};

// chatterboxvc in a harness: not live unless told, bus attached. Comes out as
// float at `out_rate`.
class VcHarness {
 public:
  using Properties = std::initializer_list<std::pair<const char*, const char*>>;
  explicit VcHarness(Properties properties = {}, bool live = false, int out_rate = 24000);
  ~VcHarness();
  VcHarness(const VcHarness&) = delete;
  VcHarness& operator=(const VcHarness&) = delete;

  GstHarness* get() const { return harness_; }
  GstElement* element() const { return element_; }

  // stream-start, caps and a TIME segment.
  void start(int rate = 16000, int channels = 1, const char* format = "F32LE");
  void caps(int rate, int channels = 1, const char* format = "F32LE");
  void segment(const GstSegment& segment);
  // Mono floats at the rate of start().
  GstFlowReturn push(const std::vector<float>& samples, GstClockTime pts, bool discont = false);
  void event(GstEvent* event) { fail_unless(gst_harness_push_event(harness_, event)); }
  void eos() { event(gst_event_new_eos()); }
  void flush();
  bool ended() const;
  // Everything up to EOS.
  Converted hear();
  // Waits for the next buffer and adds it.
  void hear_one(Converted& converted);
  // Adds what has come out.
  void hear_available(Converted& converted);
  // Until the model is there.
  void wait_until_loaded();
  // Starts again, with a model that takes that long to load. Nothing is left of the one that
  // the harness began with, however far that had got.
  void restart_loading(std::chrono::milliseconds load);

  GstMessage* message(GstMessageType types);
  // The next element message of that name. Fails the test when none comes.
  GstStructure* report(const char* name);
  void expect(GstMessageType type, GQuark domain, gint code);

 private:
  void add(Converted& converted, GstBuffer* buffer);
  GstElement* element_;
  GstHarness* harness_;
  GstBus* bus_;
};

// A tone of half the full scale.
std::vector<float> tone(std::size_t count, int rate, double hz = 440, std::size_t from = 0);
// Zeros but for one full sample.
std::vector<float> click(std::size_t count, std::size_t at);
std::size_t loudest(const std::vector<float>& samples);
// Largest step between neighbours.
float largest_step(const std::vector<float>& samples, std::size_t from, std::size_t to);

// Each buffer begins where the one before ended, unless it is DISCONT.
void assert_perfect(const Converted& converted);
GstClockTime time_of(std::size_t frames, int rate);

}  // namespace chatterbox::gst

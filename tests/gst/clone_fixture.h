// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/audio/audio.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "chatterbox/voice_library.h"
#include "gst_check.h"
#include "scripted_synthesizer.h"
#include "scripted_voice_maker.h"
#include "support/temporary_directory.h"

namespace chatterbox::gst {

// What sounds like speech to a level meter: 0.6 s of tone, 0.2 s of faint noise.
std::vector<float> babble(double seconds, double level = 0.3, int rate_hz = 16000);

// Fields of a message; the second fails the test when there is none.
std::string text(const GstStructure* fields, const char* name);
double number(const GstStructure* fields, const char* name);
// gst-check's macro keeps pointers into strings that are gone by then.
void assert_same(const std::string& is, const std::string& expected);

// chatterboxclone in a harness that is not live, with a library of its own.
class CloneHarness {
 public:
  explicit CloneHarness(std::initializer_list<std::pair<const char*, const char*>> properties = {
                            {"voice-name", "Me"}});
  ~CloneHarness();
  CloneHarness(const CloneHarness&) = delete;
  CloneHarness& operator=(const CloneHarness&) = delete;

  GstHarness* get() const { return harness_; }
  GstElement* element() const { return element_; }
  std::string library() const { return directory_.path("library"); }
  std::string path(const std::string& file) const { return directory_.path(file); }

  // stream-start, caps, segment; F32 mono of 16 kHz unless told.
  void start(const char* caps = nullptr);
  // In buffers of 20 ms.
  GstFlowReturn push(const std::vector<float>& samples, GstBufferFlags flags = {});
  void flush();
  void eos();
  bool ended() const;
  // The property `state`.
  std::string state() const;
  void expect_state(const std::string& state) const;
  // Waits up to five seconds for it.
  void await_state(const std::string& state) const;
  // Waits as long for a voice to be in the making.
  void await_making() const;
  bool call(const char* signal);

  // The next element message of that name. Fails the test when none comes within
  // five seconds.
  GstStructure* report(const char* name);
  // Nothing of that kind has been posted.
  bool silent(GstMessageType types);
  // The next error or warning is of that code, and its details give the reason.
  void expect(GstMessageType type, GQuark domain, gint code, const char* reason);

 private:
  TemporaryDirectory directory_;
  GstElement* element_;
  GstHarness* harness_;
  GstBus* bus_;
  GstClockTime position_ = 0;
};

VoiceLibrary library(const CloneHarness& clone);

}  // namespace chatterbox::gst

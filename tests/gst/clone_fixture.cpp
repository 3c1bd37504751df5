// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "clone_fixture.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "background.h"

namespace chatterbox::gst {

namespace {

constexpr int kRateHz = 16000;
constexpr std::size_t kBufferSamples = kRateHz / 50;
constexpr GstClockTime kPatience = 5 * GST_SECOND;

}  // namespace

std::vector<float> babble(double seconds, double level, int rate_hz) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> noise(-0.001, 0.001);
  std::vector<float> samples(std::size_t(seconds * rate_hz));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double time = double(i) / rate_hz;
    const bool speaks = std::fmod(time, 0.8) < 0.6;
    samples[i] = float((speaks ? level * std::sin(2 * M_PI * 150 * time) : 0) + noise(random));
  }
  return samples;
}

std::string text(const GstStructure* fields, const char* name) {
  const char* value = gst_structure_get_string(fields, name);
  return value ? value : "";
}

double number(const GstStructure* fields, const char* name) {
  double value = NAN;
  fail_unless(gst_structure_get_double(fields, name, &value), "no %s", name);
  return value;
}

void assert_same(const std::string& is, const std::string& expected) {
  fail_unless(is == expected, "'%s' is not '%s'", is.c_str(), expected.c_str());
}

VoiceLibrary library(const CloneHarness& clone) { return {clone.library(), {}}; }

CloneHarness::CloneHarness(std::initializer_list<std::pair<const char*, const char*>> properties) {
  reset_scenario();
  reset_voice_maker_scenario();
  element_ = gst_element_factory_make("chatterboxclone", nullptr);
  fail_unless(element_ != nullptr);
  gst_object_ref_sink(element_);
  bus_ = gst_bus_new();
  gst_element_set_bus(element_, bus_);
  g_object_set(element_, "voice-library", library().c_str(), nullptr);
  for (const auto& [name, value] : properties)
    gst_util_set_object_arg(G_OBJECT(element_), name, value);
  harness_ = gst_harness_new_with_element(element_, "sink", "src");
  gst_harness_set_live(harness_, FALSE);
}

CloneHarness::~CloneHarness() {
  gst_harness_teardown(harness_);
  gst_element_set_bus(element_, nullptr);
  gst_object_unref(element_);
  gst_object_unref(bus_);
  wait_for_background();
}

void CloneHarness::start(const char* caps) {
  gst_harness_set_src_caps_str(
      harness_,
      caps ? caps
           : "audio/x-raw,format=" GST_AUDIO_NE(F32) ",rate=16000,channels=1,layout=interleaved");
}

GstFlowReturn CloneHarness::push(const std::vector<float>& samples, GstBufferFlags flags) {
  GstFlowReturn flow = GST_FLOW_OK;
  for (std::size_t at = 0; at < samples.size() && flow == GST_FLOW_OK; at += kBufferSamples) {
    const std::size_t count = std::min(kBufferSamples, samples.size() - at);
    GstBuffer* buffer = gst_buffer_new_memdup(&samples[at], count * sizeof(float));
    GST_BUFFER_PTS(buffer) = position_;
    GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(count, GST_SECOND, kRateHz);
    position_ += GST_BUFFER_DURATION(buffer);
    GST_BUFFER_FLAG_SET(buffer, flags);
    flow = gst_harness_push(harness_, buffer);
  }
  return flow;
}

void CloneHarness::flush() {
  gst_harness_push_event(harness_, gst_event_new_flush_start());
  gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(harness_, gst_event_new_segment(&segment));
}

void CloneHarness::eos() { gst_harness_push_event(harness_, gst_event_new_eos()); }

bool CloneHarness::ended() const {
  GstEvent* eos = gst_pad_get_sticky_event(harness_->sinkpad, GST_EVENT_EOS, 0);
  if (eos) gst_event_unref(eos);
  return eos != nullptr;
}

std::string CloneHarness::state() const {
  GValue value = G_VALUE_INIT;
  g_object_get_property(G_OBJECT(element_), "state", &value);
  gchar* nick = gst_value_serialize(&value);
  const std::string state = nick ? nick : "";
  g_free(nick);
  g_value_unset(&value);
  return state;
}

void CloneHarness::expect_state(const std::string& wanted) const {
  const std::string found = state();
  fail_unless_equals_string(found.c_str(), wanted.c_str());
}

void CloneHarness::await_state(const std::string& wanted) const {
  for (int i = 0; i < 5000 && state() != wanted; ++i) g_usleep(1000);
  expect_state(wanted);
}

void CloneHarness::await_making() const {
  for (int i = 0; i < 5000 && voice_maker_scenario().begun == 0; ++i) g_usleep(1000);
  fail_unless(voice_maker_scenario().begun > 0, "nobody makes a voice; state %s", state().c_str());
}

bool CloneHarness::call(const char* signal) {
  gboolean result = FALSE;
  g_signal_emit_by_name(element_, signal, &result);
  return result;
}

GstStructure* CloneHarness::report(const char* name) {
  for (;;) {
    GstMessage* message = gst_bus_timed_pop_filtered(bus_, kPatience, GST_MESSAGE_ELEMENT);
    fail_unless(message != nullptr, "no message %s", name);
    const GstStructure* fields = gst_message_get_structure(message);
    GstStructure* found =
        gst_structure_has_name(fields, name) ? gst_structure_copy(fields) : nullptr;
    gst_message_unref(message);
    if (found) return found;
  }
}

bool CloneHarness::silent(GstMessageType types) {
  GstMessage* message = gst_bus_pop_filtered(bus_, types);
  if (message) gst_message_unref(message);
  return message == nullptr;
}

void CloneHarness::expect(GstMessageType type, GQuark domain, gint code, const char* reason) {
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus_, kPatience, GstMessageType(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING));
  fail_unless(message != nullptr, "no %s", gst_message_type_get_name(type));
  fail_unless_equals_int(GST_MESSAGE_TYPE(message), type);
  GError* error = nullptr;
  gchar* debug = nullptr;
  const GstStructure* details = nullptr;
  if (type == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, &debug);
    gst_message_parse_error_details(message, &details);
  } else {
    gst_message_parse_warning(message, &error, &debug);
    gst_message_parse_warning_details(message, &details);
  }
  fail_unless(g_error_matches(error, domain, code), "%s: %s", error->message, debug);
  fail_unless(details != nullptr);
  fail_unless_equals_string(gst_structure_get_string(details, "reason"), reason);
  g_error_free(error);
  g_free(debug);
  gst_message_unref(message);
}

}  // namespace chatterbox::gst

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "tts_fixture.h"

#include <chrono>
#include <cmath>
#include <cstring>

#include "background.h"
#include "elements.h"
#include "stopwatch.h"

namespace chatterbox::gst {

std::string Heard::text() const {
  std::string text;
  const std::size_t step = std::size_t(rate) / 25;
  if (step == 0) return text;  // nothing was heard
  for (std::size_t begin = 0; begin + step <= samples.size(); begin += step) {
    // Rising zero crossings tell the pitch; the ends are left to the resampler.
    const std::size_t margin = step / 16;
    double first = -1, last = -1;
    int periods = -1;
    for (std::size_t i = begin + margin; i + 1 < begin + step - margin; ++i) {
      if (samples[i] < 0 && samples[i + 1] >= 0) {
        last = double(i) - samples[i] / (samples[i + 1] - samples[i]);
        if (first < 0) first = last;
        ++periods;
      }
    }
    if (periods < 1) continue;
    const double pitch = periods * rate / (last - first);
    text += char(std::lround((pitch - 200) / 10));
  }
  return text;
}

TtsHarness::TtsHarness(std::initializer_list<std::pair<const char*, const char*>> properties,
                       bool linked, bool live) {
  reset_scenario();
  element_ = gst_element_factory_make("chatterboxtts", nullptr);
  fail_unless(element_ != nullptr);
  for (const auto& [name, value] : properties)
    gst_util_set_object_arg(G_OBJECT(element_), name, value);
  bus_ = gst_bus_new();
  gst_element_set_bus(element_, bus_);
  // Live or not from the beginning: the element asks at once.
  static GstStaticPadTemplate any_src =
      GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
  static GstStaticPadTemplate any_sink =
      GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
  harness_ = gst_harness_new_empty();
  gst_harness_set_live(harness_, live);
  gst_harness_add_element_full(harness_, element_, &any_src, linked ? "sink" : nullptr, &any_sink,
                               "src");
  if (!linked) gst_harness_play(harness_);
}

TtsHarness::~TtsHarness() {
  gst_element_set_bus(element_, nullptr);
  gst_bus_set_flushing(bus_, TRUE);
  gst_object_unref(bus_);
  gst_harness_teardown(harness_);
  gst_object_unref(element_);
  wait_for_background();
}

void TtsHarness::start(GstFormat format, const char* caps) {
  GstSegment segment;
  gst_segment_init(&segment, format);
  start(segment, caps);
}

void TtsHarness::start(const GstSegment& segment, const char* caps) {
  gst_harness_push_event(harness_, gst_event_new_stream_start("test"));
  if (caps) {
    GstCaps* parsed = gst_caps_from_string(caps);
    gst_harness_push_event(harness_, gst_event_new_caps(parsed));
    gst_caps_unref(parsed);
  }
  gst_harness_push_event(harness_, gst_event_new_segment(&segment));
  // A new stream takes the end of the one before away.
  for (int i = 0; i < 2000 && ended(); ++i) g_usleep(1000);
}

GstFlowReturn TtsHarness::text(std::string_view text, GstClockTime pts, GstClockTime duration) {
  GstBuffer* buffer =
      text.empty() ? gst_buffer_new() : gst_buffer_new_memdup(text.data(), text.size());
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = duration;
  return gst_harness_push(harness_, buffer);
}

void TtsHarness::eos() { fail_unless(gst_harness_push_event(harness_, gst_event_new_eos())); }

void TtsHarness::add(Heard& heard, GstBuffer* buffer) {
  GstCaps* caps = gst_pad_get_current_caps(harness_->sinkpad);
  GstAudioInfo info;
  fail_unless(caps && gst_audio_info_from_caps(&info, caps));
  gst_caps_unref(caps);
  heard.rate = info.rate;
  heard.format = info.finfo->name;
  GstMapInfo map;
  fail_unless(gst_buffer_map(buffer, &map, GST_MAP_READ));
  const std::size_t frames = map.size / std::size_t(info.bpf);
  for (std::size_t i = 0; i < frames; ++i) {
    if (GST_AUDIO_INFO_FORMAT(&info) == GST_AUDIO_FORMAT_S16) {
      gint16 sample;
      std::memcpy(&sample, map.data + i * sizeof sample, sizeof sample);
      heard.samples.push_back(sample / 32768.0);
    } else {
      float sample;
      std::memcpy(&sample, map.data + i * sizeof sample, sizeof sample);
      heard.samples.push_back(sample);
    }
  }
  gst_buffer_unmap(buffer, &map);
  heard.buffers.push_back({GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer),
                           GST_BUFFER_IS_DISCONT(buffer) != FALSE,
                           GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP) != FALSE, frames});
  gst_buffer_unref(buffer);
}

void TtsHarness::hear_one(Heard& heard) {
  GstBuffer* buffer = gst_harness_pull(harness_);
  fail_unless(buffer != nullptr, "no buffer came");
  add(heard, buffer);
}

bool TtsHarness::ended() const {
  GstEvent* eos = gst_pad_get_sticky_event(harness_->sinkpad, GST_EVENT_EOS, 0);
  if (eos) gst_event_unref(eos);
  return eos != nullptr;
}

Heard TtsHarness::hear() {
  Heard heard;
  for (int i = 0; i < 10000; ++i) {
    const bool last = ended();  // asked first: nothing comes after EOS
    while (GstBuffer* buffer = gst_harness_try_pull(harness_)) add(heard, buffer);
    if (last) return heard;
    g_usleep(1000);
  }
  ck_abort_msg("EOS did not come");
  return heard;
}

GstMessage* TtsHarness::message(GstMessageType types) {
  return gst_bus_timed_pop_filtered(bus_, 2 * GST_SECOND, types);
}

GstStructure* TtsHarness::report(const char* name) {
  while (GstMessage* message = this->message(GST_MESSAGE_ELEMENT)) {
    const GstStructure* structure = gst_message_get_structure(message);
    GstStructure* found =
        gst_structure_has_name(structure, name) ? gst_structure_copy(structure) : nullptr;
    gst_message_unref(message);
    if (found) return found;
  }
  ck_abort_msg("no %s came", name);
  return nullptr;
}

void TtsHarness::expect(GstMessageType type, GQuark domain, gint code) {
  GstMessage* message = this->message(type);
  fail_unless(message != nullptr, "no %s came", gst_message_type_get_name(type));
  GError* error = nullptr;
  gchar* debug = nullptr;
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error(message, &error, &debug);
  else
    gst_message_parse_warning(message, &error, &debug);
  fail_unless(g_error_matches(error, domain, code), "got %s %d: %s (%s)",
              g_quark_to_string(error->domain), error->code, error->message, debug);
  g_error_free(error);
  g_free(debug);
  gst_message_unref(message);
}

void TtsHarness::expect_error(GQuark domain, gint code) { expect(GST_MESSAGE_ERROR, domain, code); }

void TtsHarness::expect_warning(GQuark domain, gint code) {
  expect(GST_MESSAGE_WARNING, domain, code);
}

void assert_perfect(const Heard& heard) {
  for (std::size_t i = 1; i < heard.buffers.size(); ++i) {
    const auto& last = heard.buffers[i - 1];
    const auto& here = heard.buffers[i];
    if (here.discont) continue;
    fail_unless_equals_uint64(last.pts + last.duration, here.pts);
  }
}

void assert_text(const std::string& heard, const std::string& expected) {
  fail_unless(heard == expected, "heard '%s', expected '%s'", heard.c_str(), expected.c_str());
}

double milliseconds_of(const std::function<void()>& action) {
  const Stopwatch watch;
  action();
  return watch.milliseconds();
}

}  // namespace chatterbox::gst

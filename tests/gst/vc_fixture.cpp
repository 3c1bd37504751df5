// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "vc_fixture.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "background.h"
#include "elements.h"

namespace chatterbox::gst {

VcHarness::VcHarness(Properties properties, bool live, int out_rate) {
  reset_scenario();
  reset_converter_scenario();
  element_ = gst_element_factory_make("chatterboxvc", nullptr);
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
  gst_harness_add_element_full(harness_, element_, &any_src, "sink", &any_sink, "src");
  const std::string caps = "audio/x-raw,format=F32LE,rate=" + std::to_string(out_rate);
  gst_harness_set_sink_caps_str(harness_, caps.c_str());
}

VcHarness::~VcHarness() {
  gst_element_set_bus(element_, nullptr);
  gst_bus_set_flushing(bus_, TRUE);
  gst_object_unref(bus_);
  gst_harness_teardown(harness_);
  gst_object_unref(element_);
  wait_for_background();
}

void VcHarness::caps(int rate, int channels, const char* format) {
  GstCaps* caps = gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, format, "rate",
                                      G_TYPE_INT, rate, "channels", G_TYPE_INT, channels, "layout",
                                      G_TYPE_STRING, "interleaved", nullptr);
  if (channels > 2)
    gst_caps_set_simple(caps, "channel-mask", GST_TYPE_BITMASK, guint64(0), nullptr);
  else if (channels == 2)
    gst_caps_set_simple(caps, "channel-mask", GST_TYPE_BITMASK, guint64(3), nullptr);
  event(gst_event_new_caps(caps));
  gst_caps_unref(caps);
}

void VcHarness::segment(const GstSegment& segment) { event(gst_event_new_segment(&segment)); }

void VcHarness::start(int rate, int channels, const char* format) {
  event(gst_event_new_stream_start("test"));
  caps(rate, channels, format);
  GstSegment time;
  gst_segment_init(&time, GST_FORMAT_TIME);
  segment(time);
}

GstFlowReturn VcHarness::push(const std::vector<float>& samples, GstClockTime pts, bool discont) {
  GstBuffer* buffer = gst_buffer_new_memdup(samples.data(), samples.size() * sizeof(float));
  GST_BUFFER_PTS(buffer) = pts;
  if (discont) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  return gst_harness_push(harness_, buffer);
}

void VcHarness::flush() {
  event(gst_event_new_flush_start());
  event(gst_event_new_flush_stop(TRUE));
}

bool VcHarness::ended() const {
  GstEvent* eos = gst_pad_get_sticky_event(harness_->sinkpad, GST_EVENT_EOS, 0);
  if (eos) gst_event_unref(eos);
  return eos != nullptr;
}

void VcHarness::add(Converted& converted, GstBuffer* buffer) {
  GstCaps* caps = gst_pad_get_current_caps(harness_->sinkpad);
  fail_unless(caps != nullptr);
  gst_structure_get_int(gst_caps_get_structure(caps, 0), "rate", &converted.rate);
  gst_caps_unref(caps);
  const std::size_t frames = gst_buffer_get_size(buffer) / sizeof(float);
  const std::size_t before = converted.samples.size();
  converted.samples.resize(before + frames);
  gst_buffer_extract(buffer, 0, converted.samples.data() + before, frames * sizeof(float));
  converted.buffers.push_back({GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer),
                               GST_BUFFER_IS_DISCONT(buffer) != FALSE, frames});
  gst_buffer_unref(buffer);
}

void VcHarness::hear_one(Converted& converted) {
  GstBuffer* buffer = gst_harness_pull(harness_);
  fail_unless(buffer != nullptr, "no buffer came");
  add(converted, buffer);
}

void VcHarness::hear_available(Converted& converted) {
  while (GstBuffer* buffer = gst_harness_try_pull(harness_)) add(converted, buffer);
}

Converted VcHarness::hear() {
  Converted converted;
  for (int i = 0; i < 30000; ++i) {
    const bool last = ended();  // asked first: nothing comes after EOS
    hear_available(converted);
    if (last) return converted;
    g_usleep(1000);
  }
  ck_abort_msg("EOS did not come");
  return converted;
}

void VcHarness::wait_until_loaded() {
  while (GstMessage* message = this->message(GST_MESSAGE_PROGRESS)) {
    GstProgressType type;
    gst_message_parse_progress(message, &type, nullptr, nullptr);
    gst_message_unref(message);
    if (type == GST_PROGRESS_TYPE_COMPLETE) return;
  }
  ck_abort_msg("the model was not loaded");
}

void VcHarness::restart_loading(std::chrono::milliseconds load) {
  gst_element_set_state(element_, GST_STATE_NULL);
  wait_for_background();
  scenario().load = load;
  gst_element_set_state(element_, GST_STATE_PLAYING);
}

GstMessage* VcHarness::message(GstMessageType types) {
  return gst_bus_timed_pop_filtered(bus_, 10 * GST_SECOND, types);
}

GstStructure* VcHarness::report(const char* name) {
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

void VcHarness::expect(GstMessageType type, GQuark domain, gint code) {
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

std::vector<float> tone(std::size_t count, int rate, double hz, std::size_t from) {
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i)
    samples[i] = float(0.5 * std::sin(2 * M_PI * hz * double(from + i) / rate));
  return samples;
}

std::vector<float> click(std::size_t count, std::size_t at) {
  std::vector<float> samples(count, 0.0F);
  samples[at] = 1.0F;
  return samples;
}

std::size_t loudest(const std::vector<float>& samples) {
  const auto quieter = [](float a, float b) { return std::abs(a) < std::abs(b); };
  return std::size_t(std::max_element(samples.begin(), samples.end(), quieter) - samples.begin());
}

float largest_step(const std::vector<float>& samples, std::size_t from, std::size_t to) {
  float largest = 0;
  for (std::size_t i = from + 1; i < std::min(to, samples.size()); ++i)
    largest = std::max(largest, std::abs(samples[i] - samples[i - 1]));
  return largest;
}

void assert_perfect(const Converted& converted) {
  for (std::size_t i = 1; i < converted.buffers.size(); ++i) {
    const auto& last = converted.buffers[i - 1];
    const auto& here = converted.buffers[i];
    if (!here.discont) fail_unless_equals_uint64(last.pts + last.duration, here.pts);
  }
}

GstClockTime time_of(std::size_t frames, int rate) {
  return gst_util_uint64_scale(frames, GST_SECOND, guint64(rate));
}

}  // namespace chatterbox::gst

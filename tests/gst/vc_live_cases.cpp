// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Latency, overload, bypass, voices.
#include <algorithm>
#include <cmath>
#include <string>

#include "background.h"
#include "vc_cases.h"
#include "vc_fixture.h"
#include "vc_settings.h"

using namespace chatterbox::gst;

namespace {

GstClockTime latency_of(VcHarness& vc) {
  guint64 latency = 0;
  g_object_get(vc.element(), "latency", &latency, nullptr);
  return latency;
}

// 10 ms of a tone at a time, from `from` on.
void push_tone(VcHarness& vc, std::size_t from, std::size_t pieces) {
  for (std::size_t i = from; i < from + pieces; ++i)
    fail_unless_equals_int(vc.push(tone(160, 16000, 440, i * 160), i * 10 * GST_MSECOND),
                           GST_FLOW_OK);
}

// Level of the tone, which the scripted voices tell.
double level(const std::vector<float>& samples, std::size_t from, std::size_t to) {
  double power = 0;
  for (std::size_t i = from; i < to; ++i) power += double(samples[i]) * samples[i];
  return std::sqrt(2 * power / double(to - from));
}

}  // namespace

// Known before there is a model, caps or speech, and the same ever after.
GST_START_TEST(test_latency_before_anything) {
  VcHarness vc({{"model-path", "/missing"}}, true);
  gst_harness_set_upstream_latency(vc.get(), 20 * GST_MSECOND);
  const GstClockTime own = latency_of(vc);
  fail_unless(own > 0 && own <= 500 * GST_MSECOND, "%" GST_TIME_FORMAT, GST_TIME_ARGS(own));
  fail_unless_equals_uint64(gst_harness_query_latency(vc.get()), 20 * GST_MSECOND + own);
}
GST_END_TEST;

GST_START_TEST(test_latency_not_live) {
  VcHarness vc;
  GstQuery* query = gst_query_new_latency();
  fail_unless(gst_pad_peer_query(vc.get()->sinkpad, query));
  gboolean live = TRUE;
  GstClockTime least = 1;
  gst_query_parse_latency(query, &live, &least, nullptr);
  gst_query_unref(query);
  fail_unless(!live);
  fail_unless_equals_uint64(least, 0);
}
GST_END_TEST;

GST_START_TEST(test_latency_changes) {
  VcHarness vc({}, true);
  const GstClockTime before = latency_of(vc);
  g_object_set(vc.element(), "chunk-size", 8, nullptr);
  fail_unless_equals_uint64(latency_of(vc), before + 160 * GST_MSECOND);
  GstMessage* message = vc.message(GST_MESSAGE_LATENCY);
  fail_unless(message != nullptr);
  gst_message_unref(message);
  g_object_set(vc.element(), "processing-latency", 0, nullptr);
  fail_unless(latency_of(vc) < before + 160 * GST_MSECOND);
  message = vc.message(GST_MESSAGE_LATENCY);
  fail_unless(message != nullptr);
  gst_message_unref(message);
}
GST_END_TEST;

// A short configuration for who needs it.
GST_START_TEST(test_least_latency) {
  VcHarness vc({{"chunk-size", "2"},
                {"lookahead", "80"},
                {"processing-latency", "20"},
                {"watermark", "false"}},
               true);
  fail_unless(latency_of(vc) <= 200 * GST_MSECOND, "%" GST_TIME_FORMAT,
              GST_TIME_ARGS(latency_of(vc)));
}
GST_END_TEST;

// A click stays where it was, and has left by the time that was promised.
GST_START_TEST(test_click) {
  VcHarness vc({{"processing-latency", "0"}});
  vc.start();
  const std::size_t at = 16123;
  const GstClockTime promised = latency_of(vc);
  const std::size_t needed = at + std::size_t(gst_util_uint64_scale(promised, 16000, GST_SECOND));
  const std::vector<float> speech = click(48000, at);
  Converted converted;
  std::size_t pushed = 0;
  const auto click_is_out = [&] { return converted.samples.size() > at * 3 / 2 + 10; };
  for (; pushed < needed; pushed += 160)
    vc.push(
        {speech.begin() + std::ptrdiff_t(pushed), speech.begin() + std::ptrdiff_t(pushed) + 160},
        time_of(pushed, 16000));
  while (!click_is_out()) vc.hear_one(converted);
  fail_unless_equals_int(int(loudest(converted.samples)), int(std::lround(at * 1.5)));
}
GST_END_TEST;

// A machine that is too slow: the backlog stays bounded, and says so.
GST_START_TEST(test_overload) {
  static const char* const policies[] = {"silence", "drop", "passthrough"};
  VcHarness vc({{"overload-policy", policies[__i__]}}, true);
  vc.wait_until_loaded();
  converter_scenario().chunk_ms = 60000;
  vc.start();
  push_tone(vc, 0, 300);  // three seconds while one chunk is being converted
  GstStructure* report = vc.report("chatterbox/overload");
  fail_unless_equals_string(gst_structure_get_string(report, "policy"), policies[__i__]);
  guint64 duration = 0;
  fail_unless(gst_structure_get_uint64(report, "duration", &duration) && duration > 0);
  gst_structure_free(report);
  converter_scenario().chunk_ms = 0;
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless(GST_CLOCK_DIFF(converted.end(), 3 * GST_SECOND) <=
              GstClockTimeDiff(GST_SECOND / 24000));
  assert_perfect(converted);
  std::size_t disconts = 0, frames = 0;
  for (const auto& buffer : converted.buffers) disconts += buffer.discont, frames += buffer.frames;
  const std::vector<float>& samples = converted.samples;
  if (__i__ == 1) {
    // Where it begins again depends on when the machine noticed.
    fail_unless(frames < 72000 && disconts >= 1, "%zu samples, %zu breaks", frames, disconts);
  } else {
    fail_unless_equals_int(int(frames), 72000);
    fail_unless_equals_int(int(disconts), 1);
    const double middle = level(samples, 36000, 48000);
    fail_unless(__i__ == 2 ? middle > 0.4 : middle < 0.4, "level %g", middle);
  }
  GstStructure* stats = nullptr;
  g_object_get(vc.element(), "stats", &stats, nullptr);
  guint64 overloads = 0;
  fail_unless(gst_structure_get_uint64(stats, "overloads", &overloads) && overloads > 0);
  gst_structure_free(stats);
}
GST_END_TEST;

GST_START_TEST(test_overload_posts_qos) {
  VcHarness vc({}, true);
  vc.wait_until_loaded();
  converter_scenario().chunk_ms = 200;
  vc.start();
  push_tone(vc, 0, 200);
  GstMessage* message = vc.message(GST_MESSAGE_QOS);
  fail_unless(message != nullptr);
  gboolean live = FALSE;
  gst_message_parse_qos(message, &live, nullptr, nullptr, nullptr, nullptr);
  fail_unless(live);
  gst_message_unref(message);
}
GST_END_TEST;

// Who can wait waits: nothing is lost.
GST_START_TEST(test_slow_but_not_live) {
  VcHarness vc;
  vc.wait_until_loaded();
  converter_scenario().chunk_ms = 20;
  vc.start();
  push_tone(vc, 0, 200);
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless_equals_int(int(converted.samples.size()), 48000);
  fail_unless(level(converted.samples, 1000, 47000) > 0.48);
}
GST_END_TEST;

// Live speech does not wait for the model.
GST_START_TEST(test_live_while_loading) {
  VcHarness vc({}, true);
  vc.restart_loading(std::chrono::seconds(30));
  vc.start();
  push_tone(vc, 0, 100);
  Converted converted;
  while (converted.samples.size() < 20000) vc.hear_one(converted);
  for (const float sample : converted.samples) fail_unless(sample == 0.0F);
}
GST_END_TEST;

// The dry signal at the same place, without a click on the way in or out.
GST_START_TEST(test_bypass) {
  VcHarness vc({{"voice", "ada"}});
  vc.start();
  push_tone(vc, 0, 100);
  Converted converted;
  while (converted.samples.size() < 12000) vc.hear_one(converted);
  g_object_set(vc.element(), "bypass", TRUE, nullptr);
  push_tone(vc, 100, 100);
  while (converted.samples.size() < 33000) vc.hear_one(converted);
  const int chunks = converter_scenario().chunks;
  g_object_set(vc.element(), "bypass", FALSE, nullptr);
  push_tone(vc, 200, 100);
  vc.eos();
  const Converted rest = vc.hear();
  converted.samples.insert(converted.samples.end(), rest.samples.begin(), rest.samples.end());
  fail_unless_equals_int(int(converted.samples.size()), 72000);
  fail_unless(converter_scenario().chunks > chunks);
  fail_unless(std::abs(level(converted.samples, 1000, 10000) - 0.25) < 0.02);
  fail_unless(std::abs(level(converted.samples, 62000, 71000) - 0.25) < 0.02);
  double loud = 0;
  for (std::size_t at = 12000; at < 60000; at += 1200)
    loud = std::max(loud, level(converted.samples, at, at + 1200));
  fail_unless(std::abs(loud - 0.5) < 0.05, "level %g", loud);
  for (std::size_t i = 30000; i < 31000; ++i) {
    const double dry = 0.5 * std::sin(2 * M_PI * 440 * double(i) / 24000);
    fail_unless(std::abs(converted.samples[i] - dry) < 0.02);
  }
}
GST_END_TEST;

// By property, by event in the stream, and out of band.
GST_START_TEST(test_voice) {
  VcHarness vc;
  vc.start();
  push_tone(vc, 0, 100);
  Converted converted;
  while (converted.samples.size() < 12000) vc.hear_one(converted);
  if (__i__ == 0) g_object_set(vc.element(), "voice", "ada", nullptr);
  if (__i__ > 0) {
    GstStructure* structure =
        gst_structure_new(__i__ == 1 ? "chatterbox/voice" : "chatterbox/speaker-voice", "voice",
                          G_TYPE_STRING, "ada", nullptr);
    vc.event(gst_event_new_custom(
        __i__ == 1 ? GST_EVENT_CUSTOM_DOWNSTREAM_STICKY : GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
        structure));
  }
  wait_for_background();  // where the voice is read, unless it is one of the stream
  push_tone(vc, 100, 200);
  vc.eos();
  const Converted rest = vc.hear();
  fail_unless(std::abs(level(rest.samples, rest.samples.size() - 4000, rest.samples.size() - 400) -
                       0.25) < 0.02);
}
GST_END_TEST;

// Whoever asks for a voice before the model is there gets it, from the first word on.
GST_START_TEST(test_voice_while_loading) {
  VcHarness vc;
  vc.restart_loading(std::chrono::milliseconds(300));
  vc.start();
  if (__i__ == 0) g_object_set(vc.element(), "voice", "ada", nullptr);
  if (__i__ == 1)
    vc.event(gst_event_new_custom(
        GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
        gst_structure_new("chatterbox/speaker-voice", "voice", G_TYPE_STRING, "ada", nullptr)));
  push_tone(vc, 0, 100);
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless(std::abs(level(converted.samples, 1000, 23000) - 0.25) < 0.02);
}
GST_END_TEST;

// An unknown voice is no reason to fall silent.
GST_START_TEST(test_unknown_voice_while_playing) {
  VcHarness vc;
  vc.start();
  vc.wait_until_loaded();
  g_object_set(vc.element(), "voice", "nobody", nullptr);
  vc.expect(GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  push_tone(vc, 0, 100);
  vc.eos();
  fail_unless(level(vc.hear().samples, 1000, 23000) > 0.48);
}
GST_END_TEST;

TCase* vc_live_cases() {
  TCase* cases = tcase_create("live");
  tcase_add_test(cases, test_latency_before_anything);
  tcase_add_test(cases, test_latency_not_live);
  tcase_add_test(cases, test_latency_changes);
  tcase_add_test(cases, test_least_latency);
  tcase_add_test(cases, test_click);
  tcase_add_loop_test(cases, test_overload, 0, 3);
  tcase_add_test(cases, test_overload_posts_qos);
  tcase_add_test(cases, test_slow_but_not_live);
  tcase_add_test(cases, test_live_while_loading);
  tcase_add_test(cases, test_bypass);
  tcase_add_loop_test(cases, test_voice, 0, 3);
  tcase_add_loop_test(cases, test_voice_while_loading, 0, 2);
  tcase_add_test(cases, test_unknown_voice_while_playing);
  return cases;
}

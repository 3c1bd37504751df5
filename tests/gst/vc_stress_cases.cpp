// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Everything at random moments: no hang, no crash, no leak.
#include <random>

#include "stopwatch.h"
#include "vc_cases.h"
#include "vc_fixture.h"

using namespace chatterbox::gst;

// State changes, flushing seeks, voices and switches, each within a bounded time.
GST_START_TEST(test_random_moments) {
  reset_scenario();
  reset_converter_scenario();
  scenario().load = std::chrono::milliseconds(2);
  converter_scenario().chunk_ms = 2;
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(
      "audiotestsrc name=in samplesperbuffer=480 ! audio/x-raw,rate=48000 ! "
      "chatterboxvc name=vc chunk-size=2 ! fakesink sync=false",
      &error);
  fail_unless(pipeline && !error, "%s", error ? error->message : "no pipeline");
  GstElement* vc = gst_bin_get_by_name(GST_BIN(pipeline), "vc");
  GstElement* in = gst_bin_get_by_name(GST_BIN(pipeline), "in");
  std::mt19937 random(7);
  const GstState states[] = {GST_STATE_NULL,    GST_STATE_READY,   GST_STATE_PAUSED,
                             GST_STATE_PLAYING, GST_STATE_PLAYING, GST_STATE_PLAYING};
  Slowest slowest;
  GstState state = GST_STATE_NULL;
  for (int i = 0; i < 1000; ++i) {
    // A source that becomes another kind while it runs is not woken from its wait for the clock.
    if (state <= GST_STATE_READY) g_object_set(in, "is-live", gboolean(random() % 2), nullptr);
    state = states[random() % G_N_ELEMENTS(states)];
    slowest.time(gst_element_state_get_name(state),
                 [&] { gst_element_set_state(pipeline, state); });
    if (random() % 3 == 0)
      slowest.time("a seek", [&] {
        gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                random() % GST_SECOND);
      });
    if (random() % 4 == 0)
      slowest.time("a voice",
                   [&] { g_object_set(vc, "voice", random() % 2 ? "ada" : "", nullptr); });
    if (random() % 4 == 0) g_object_set(vc, "bypass", gboolean(random() % 2), nullptr);
    if (random() % 4 == 0) g_object_set(vc, "chunk-size", guint(1 + random() % 8), nullptr);
    g_usleep(random() % 3000);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  slowest.print("chatterboxvc");
  gst_object_unref(in);
  gst_object_unref(vc);
  gst_object_unref(pipeline);
}
GST_END_TEST;

TCase* vc_stress_cases() {
  TCase* cases = tcase_create("stress");
  tcase_set_timeout(cases, 240);
  tcase_add_test(cases, test_random_moments);
  return cases;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Everything at random moments: no hang, no crash, no leak.
#include <atomic>
#include <random>
#include <string>
#include <thread>

#include "background.h"
#include "chatterbox/voice_library.h"
#include "clone_cases.h"
#include "clone_fixture.h"
#include "stopwatch.h"

using namespace chatterbox::gst;

// 1,000 state changes while audio flows as fast as it can, with signals and flushing seeks
// between.
GST_START_TEST(test_random_states) {
  reset_scenario();
  reset_voice_maker_scenario();
  scenario().load = std::chrono::milliseconds(2);
  voice_maker_scenario().per_voice = std::chrono::milliseconds(2);
  TemporaryDirectory directory;
  // Bursts of a tone: what a level meter takes for words.
  const std::string launch =
      "audiotestsrc wave=ticks tick-interval=200000000 sine-periods-per-tick=60 num-buffers=150 "
      "! audio/x-raw,rate=16000,channels=1 ! chatterboxclone name=clone voice-name=Me "
      "overwrite=true duration=2000 min-duration=1000 voice-library=" +
      directory.path("library") + " ! fakesink sync=false";
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(launch.c_str(), &error);
  fail_unless(pipeline && !error, "%s", error ? error->message : "no pipeline");
  GstElement* clone = gst_bin_get_by_name(GST_BIN(pipeline), "clone");
  std::mt19937 random(7);
  const GstState states[] = {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING,
                             GST_STATE_PLAYING};
  Slowest slowest;
  for (int i = 0; i < 1000; ++i) {
    const GstState state = states[random() % 5];
    slowest.time(gst_element_state_get_name(state),
                 [&] { gst_element_set_state(pipeline, state); });
    gboolean ignored = FALSE;
    if (random() % 3 == 0) g_signal_emit_by_name(clone, "finish", &ignored);
    if (random() % 4 == 0) g_signal_emit_by_name(clone, "start", &ignored);
    if (random() % 6 == 0) g_signal_emit_by_name(clone, "cancel");
    if (random() % 5 == 0)
      slowest.time("a seek", [&] {
        gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0);
      });
    g_usleep(random() % 3000);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  wait_for_background();
  slowest.print("chatterboxclone");
  // After all that it still makes one.
  const int before = voice_maker_scenario().made;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* end = gst_bus_timed_pop_filtered(bus, 30 * GST_SECOND, GST_MESSAGE_EOS);
  fail_unless(end != nullptr, "EOS did not come");
  gst_message_unref(end);
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(clone);
  gst_object_unref(pipeline);
  wait_for_background();
  fail_unless(voice_maker_scenario().made > before, "%d voices, %d before",
              int(voice_maker_scenario().made), before);
}
GST_END_TEST;

// EOS, flushes and signals race; in the end a voice can still be made.
GST_START_TEST(test_flush_against_eos) {
  CloneHarness clone({{"voice-name", "Me"}, {"overwrite", "true"}, {"min-duration", "1000"}});
  gst_harness_set_drop_buffers(clone.get(), TRUE);
  voice_maker_scenario().per_voice = std::chrono::milliseconds(1);
  clone.start();
  const std::vector<float> speech = babble(2);
  std::atomic<bool> stop{false};
  std::thread signals([&] {
    std::mt19937 random(11);
    while (!stop) {
      clone.call(random() % 2 ? "start" : "finish");
      if (random() % 4 == 0) g_signal_emit_by_name(clone.element(), "cancel");
      g_usleep(random() % 1000);
    }
  });
  std::mt19937 random(13);
  for (int i = 0; i < 500; ++i) {
    clone.push(speech);
    std::thread ending([&] { clone.eos(); });
    g_usleep(random() % 1500);
    clone.flush();
    ending.join();
    clone.flush();
  }
  stop = true;
  signals.join();
  clone.call("cancel");
  for (int i = 0; i < 5000 && !clone.call("start"); ++i) g_usleep(1000);
  clone.expect_state("collecting");
  clone.push(speech);
  clone.eos();
  clone.expect_state("done");
}
GST_END_TEST;

GST_START_TEST(test_properties_while_collecting) {
  CloneHarness clone({{"voice-name", "Me"}, {"duration", "60000"}});
  gst_harness_set_drop_buffers(clone.get(), TRUE);
  clone.start();
  GValue name = G_VALUE_INIT, duration = G_VALUE_INIT;
  g_value_init(&name, G_TYPE_STRING);
  g_value_set_string(&name, "Other");
  g_value_init(&duration, G_TYPE_UINT);
  g_value_set_uint(&duration, 5000);
  GstHarnessThread* first =
      gst_harness_stress_property_start_full(clone.get(), "voice-name", &name, 100);
  GstHarnessThread* second =
      gst_harness_stress_property_start_full(clone.get(), "duration", &duration, 100);
  clone.push(babble(30));
  clone.eos();
  gst_harness_stress_thread_stop(first);
  gst_harness_stress_thread_stop(second);
  g_value_unset(&name);
  // The name is the one that the recording began with.
  clone.expect_state("done");
  fail_unless(chatterbox::VoiceLibrary(clone.library(), {}).contains("Me"));
}
GST_END_TEST;

TCase* clone_stress_cases() {
  TCase* cases = tcase_create("stress");
  tcase_set_timeout(cases, 120);
  tcase_add_test(cases, test_random_states);
  tcase_add_test(cases, test_flush_against_eos);
  tcase_add_test(cases, test_properties_while_collecting);
  return cases;
}

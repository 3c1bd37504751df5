// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Everything at random moments: no hang, no crash, no leak.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "stopwatch.h"
#include "tts_cases.h"
#include "tts_fixture.h"

using namespace chatterbox::gst;

namespace {

constexpr int kRounds = 1000;

// Speaks, flushes, interrupts and changes state, in pipelines with real sinks.
GstElement* make_pipeline(const char* description) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description, &error);
  fail_unless(pipeline && !error, "%s", error ? error->message : "no pipeline");
  return pipeline;
}

}  // namespace

GST_START_TEST(test_random_states) {
  reset_scenario();
  scenario().load = std::chrono::milliseconds(2);
  scenario().per_byte = std::chrono::milliseconds(1);
  GstElement* pipeline = make_pipeline(
      "chatterboxtts name=tts chunk-size=2 text=\"This is a text. It has some sentences. They are "
      "spoken.\" ! fakesink sync=true");
  GstElement* tts = gst_bin_get_by_name(GST_BIN(pipeline), "tts");
  std::mt19937 random(7);
  const GstState states[] = {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING};
  Slowest slowest;
  for (int i = 0; i < kRounds; ++i) {
    const GstState state = states[random() % 4];
    slowest.time(gst_element_state_get_name(state),
                 [&] { gst_element_set_state(pipeline, state); });
    if (random() % 3 == 0)
      slowest.time("an interruption",
                   [&] { g_signal_emit_by_name(tts, "interrupt", gboolean(random() % 2)); });
    if (random() % 5 == 0) g_signal_emit_by_name(tts, "drain");
    if (random() % 5 == 0) g_object_set(tts, "voice", random() % 2 ? "ada" : "", nullptr);
    if (random() % 5 == 0) {
      gboolean done = FALSE;
      g_signal_emit_by_name(tts, "say", "One more thing. ", &done);
    }
    if (random() % 5 == 0)
      slowest.time("a seek", [&] {
        gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0);
      });
    g_usleep(random() % 3000);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  slowest.print("chatterboxtts");
  gst_object_unref(tts);
  gst_object_unref(pipeline);
}
GST_END_TEST;

// One thread feeds, one flushes, one interrupts.
GST_START_TEST(test_flush_against_interrupt) {
  TtsHarness tts({{"chunk-size", "2"}});
  gst_harness_set_drop_buffers(tts.get(), TRUE);
  scenario().per_byte = std::chrono::milliseconds(1);
  tts.start();
  std::atomic<bool> stop{false};
  std::mutex streaming;  // as the stream lock of upstream's pad
  std::thread feeder([&] {
    while (!stop) {
      GstFlowReturn flow = GST_FLOW_OK;
      {
        std::lock_guard lock(streaming);
        flow = tts.text("Some words for the one who speaks. ");
      }
      if (flow != GST_FLOW_OK) g_usleep(500);
    }
  });
  std::thread interrupter([&] {
    std::mt19937 random(11);
    while (!stop) {
      g_signal_emit_by_name(tts.element(), "interrupt", gboolean(random() % 2));
      g_usleep(random() % 3000);
    }
  });
  std::mt19937 random(13);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  for (int i = 0; i < kRounds; ++i) {
    gst_pad_push_event(tts.get()->srcpad, gst_event_new_flush_start());
    std::unique_lock lock(streaming);
    gst_pad_push_event(tts.get()->srcpad, gst_event_new_flush_stop(TRUE));
    gst_pad_push_event(tts.get()->srcpad, gst_event_new_segment(&segment));
    lock.unlock();
    g_usleep(random() % 3000);
  }
  stop = true;
  feeder.join();
  interrupter.join();
  // It still speaks.
  scenario().per_byte = std::chrono::milliseconds(0);
  gst_harness_set_drop_buffers(tts.get(), FALSE);
  gst_pad_push_event(tts.get()->srcpad, gst_event_new_flush_start());
  gst_pad_push_event(tts.get()->srcpad, gst_event_new_flush_stop(TRUE));
  while (GstBuffer* stale = gst_harness_try_pull(tts.get())) gst_buffer_unref(stale);
  tts.start();
  tts.text("fresh");
  tts.eos();
  assert_text(tts.hear().text(), "fresh");
}
GST_END_TEST;

// Silence at the sink after an interruption at a random moment.
GST_START_TEST(test_barge_in) {
  using Clock = std::chrono::steady_clock;
  static std::atomic<Clock::rep> last_buffer;
  static std::atomic<int> buffers;
  reset_scenario();
  last_buffer = 0;
  buffers = 0;
  scenario().per_byte = std::chrono::milliseconds(2);
  GstElement* pipeline = make_pipeline(
      "appsrc name=text is-live=true format=time ! chatterboxtts name=tts chunk-size=5 ! queue ! "
      "fakesink name=sink sync=true signal-handoffs=true");
  GstElement* text = gst_bin_get_by_name(GST_BIN(pipeline), "text");
  GstElement* tts = gst_bin_get_by_name(GST_BIN(pipeline), "tts");
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  g_signal_connect(sink, "handoff", G_CALLBACK(+[] {
                     last_buffer = Clock::now().time_since_epoch().count();
                     ++buffers;
                   }),
                   nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::mt19937 random(17);
  double worst = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string sentence(300, 'a');
    GstBuffer* buffer = gst_buffer_new_memdup(sentence.data(), sentence.size());
    GstFlowReturn flow = GST_FLOW_ERROR;
    g_signal_emit_by_name(text, "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
    g_signal_emit_by_name(tts, "drain");
    const int before = buffers;
    for (int k = 0; k < 4000 && buffers == before; ++k) {
      g_signal_emit_by_name(tts, "drain");  // the text may not have arrived yet
      g_usleep(1000);
    }
    fail_unless(buffers > before, "nothing is heard");
    g_usleep(random() % 50000);
    const double took = milliseconds_of([&] { g_signal_emit_by_name(tts, "interrupt", TRUE); });
    const int silent = buffers;
    worst = std::max(worst, took);
    g_usleep(20000);
    fail_unless_equals_int(buffers, silent);
  }
  std::printf("barge-in to silence: %.1f ms at worst\n", worst);
  fail_unless(worst < 100, "%g ms", worst);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  for (GstElement* element : {sink, tts, text, pipeline}) gst_object_unref(element);
}
GST_END_TEST;

GST_START_TEST(test_properties_while_speaking) {
  TtsHarness tts({{"chunk-size", "1"}});
  gst_harness_set_drop_buffers(tts.get(), TRUE);
  tts.start();
  GValue seed = G_VALUE_INIT, gaps = G_VALUE_INIT;
  g_value_init(&seed, G_TYPE_INT64);
  g_value_set_int64(&seed, 5);
  g_value_init(&gaps, G_TYPE_BOOLEAN);
  GstHarnessThread* first = gst_harness_stress_property_start_full(tts.get(), "seed", &seed, 100);
  GstHarnessThread* second =
      gst_harness_stress_property_start_full(tts.get(), "fill-gaps", &gaps, 100);
  for (int i = 0; i < 300; ++i) tts.text("Some words for the one who speaks. ");
  tts.eos();
  gst_harness_stress_thread_stop(first);
  gst_harness_stress_thread_stop(second);
  GstQuery* query = gst_query_new_drain();
  fail_unless(gst_pad_peer_query(tts.get()->srcpad, query));
  gst_query_unref(query);
  fail_unless_equals_int(scenario().utterances, 300);
}
GST_END_TEST;

TCase* tts_stress_cases() {
  TCase* cases = tcase_create("stress");
  tcase_add_test(cases, test_random_states);
  tcase_add_test(cases, test_flush_against_interrupt);
  tcase_add_test(cases, test_barge_in);
  tcase_add_test(cases, test_properties_while_speaking);
  return cases;
}

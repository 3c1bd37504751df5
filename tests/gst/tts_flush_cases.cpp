// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Flushes, interruptions, the end of the stream.
#include <string>
#include <thread>

#include "tts_cases.h"
#include "tts_fixture.h"

using namespace chatterbox::gst;

namespace {

const std::string kLong = std::string(200, 'a') + " ends here. ";

void flush(TtsHarness& tts) {
  fail_unless(gst_harness_push_event(tts.get(), gst_event_new_flush_start()));
  fail_unless(gst_harness_push_event(tts.get(), gst_event_new_flush_stop(TRUE)));
}

void expect_new_text(TtsHarness& tts, const char* text) {
  while (GstBuffer* stale = gst_harness_try_pull(tts.get())) gst_buffer_unref(stale);
  tts.text(text);
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(heard.text(), text);
  fail_unless(heard.buffers.front().discont);
}

}  // namespace

GST_START_TEST(test_flush_idle) {
  TtsHarness tts;
  tts.start();
  for (int i = 0; i < 3; ++i) flush(tts);
  tts.start();
  expect_new_text(tts, "fresh");
  fail_unless_equals_int(scenario().loads, 1);
}
GST_END_TEST;

GST_START_TEST(test_flush_speaking) {
  TtsHarness tts({{"chunk-size", "1"}});
  scenario().per_byte = std::chrono::milliseconds(10);
  tts.start();
  tts.text(kLong + "Half a sen");
  gst_buffer_unref(gst_harness_pull(tts.get()));
  const double took = milliseconds_of([&] { flush(tts); });
  fail_unless(took < 100, "%g ms", took);
  scenario().per_byte = std::chrono::milliseconds(0);
  tts.start();
  expect_new_text(tts, "fresh");
  GstEvent* event = gst_pad_get_sticky_event(tts.get()->sinkpad, GST_EVENT_SEGMENT, 0);
  fail_unless(event != nullptr);
  gst_event_unref(event);
}
GST_END_TEST;

// The streaming thread of upstream waits for room; a flush lets it go.
GST_START_TEST(test_flush_full_queue) {
  TtsHarness tts({{"chunk-size", "1"}});
  scenario().per_byte = std::chrono::milliseconds(10);
  tts.start();
  std::string text;
  for (int i = 0; i < 30; ++i) text += "Sentence number " + std::to_string(i) + " is here. ";
  GstFlowReturn flow = GST_FLOW_OK;
  std::thread upstream([&] { flow = tts.text(text); });
  gst_buffer_unref(gst_harness_pull(tts.get()));
  g_usleep(20000);
  fail_unless(gst_pad_push_event(tts.get()->srcpad, gst_event_new_flush_start()));
  upstream.join();
  fail_unless_equals_int(flow, GST_FLOW_FLUSHING);
  fail_unless_equals_int(tts.text("between"), GST_FLOW_FLUSHING);
  fail_unless(gst_pad_push_event(tts.get()->srcpad, gst_event_new_flush_stop(TRUE)));
  scenario().per_byte = std::chrono::milliseconds(0);
  tts.start();
  expect_new_text(tts, "fresh");
}
GST_END_TEST;

GST_START_TEST(test_interrupt_idle) {
  TtsHarness tts;
  tts.start();
  g_signal_emit_by_name(tts.element(), "interrupt", TRUE);
  expect_new_text(tts, "fresh");
}
GST_END_TEST;

GST_START_TEST(test_interrupt_speaking) {
  const bool with_flush = __i__ == 1;
  TtsHarness tts({{"chunk-size", "1"}});
  scenario().per_byte = std::chrono::milliseconds(10);
  tts.start();
  fail_unless_equals_int(tts.text(kLong + "This was to come afterwards. And half a sen"),
                         GST_FLOW_OK);
  gst_buffer_unref(gst_harness_pull(tts.get()));
  const double took = milliseconds_of(
      [&] { g_signal_emit_by_name(tts.element(), "interrupt", gboolean(with_flush)); });
  fail_unless(took < 100, "%g ms", took);
  GstStructure* end = tts.report("chatterbox/utterance-end");
  gboolean interrupted = FALSE;
  fail_unless(gst_structure_get_boolean(end, "interrupted", &interrupted) && interrupted);
  gst_structure_free(end);
  scenario().per_byte = std::chrono::milliseconds(0);
  while (GstBuffer* stale = gst_harness_try_pull(tts.get())) gst_buffer_unref(stale);
  fail_unless_equals_int(tts.text("fresh"), GST_FLOW_OK);
  tts.eos();
  assert_text(tts.hear().text(), "fresh");
}
GST_END_TEST;

// Upstream must not see that anything happened, even while it waits for room.
GST_START_TEST(test_interrupt_full_queue) {
  TtsHarness tts({{"chunk-size", "1"}});
  scenario().per_byte = std::chrono::milliseconds(10);
  tts.start();
  std::string text;
  for (int i = 0; i < 30; ++i) text += "Sentence number " + std::to_string(i) + " is here. ";
  GstFlowReturn flow = GST_FLOW_ERROR;
  std::thread upstream([&] { flow = tts.text(text); });
  gst_buffer_unref(gst_harness_pull(tts.get()));
  g_usleep(20000);
  GstStructure* structure =
      gst_structure_new("chatterbox/interrupt", "flush", G_TYPE_BOOLEAN, TRUE, nullptr);
  gst_pad_push_event(tts.get()->srcpad,
                     gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_OOB, structure));
  upstream.join();
  fail_unless_equals_int(flow, GST_FLOW_OK);
  scenario().per_byte = std::chrono::milliseconds(0);
  expect_new_text(tts, "fresh");
}
GST_END_TEST;

// An interruption after the last text still lets the stream end.
GST_START_TEST(test_interrupt_keeps_eos) {
  TtsHarness tts({{"chunk-size", "1"}});
  scenario().per_byte = std::chrono::milliseconds(5);
  tts.start();
  tts.text(kLong);
  tts.eos();
  gst_buffer_unref(gst_harness_pull(tts.get()));
  g_signal_emit_by_name(tts.element(), "interrupt", TRUE);
  const Heard heard = tts.hear();
  fail_unless(heard.seconds() < 200 * 0.04);
  // Once more, when EOS has passed: the flush must not take it away for good.
  g_signal_emit_by_name(tts.element(), "interrupt", TRUE);
  tts.hear();
}
GST_END_TEST;

GST_START_TEST(test_drain) {
  TtsHarness tts;
  tts.start();
  tts.text("not a whole sentence");
  g_usleep(50000);
  fail_unless_equals_int(scenario().utterances, 0);
  if (__i__ == 0)
    g_signal_emit_by_name(tts.element(), "drain");
  else
    gst_harness_push_event(
        tts.get(), gst_event_new_custom(
                       GST_EVENT_CUSTOM_DOWNSTREAM,
                       gst_structure_new_empty(__i__ == 1 ? "chatterbox/drain"
                                                          : "rstranscribe/final-transcript")));
  Heard heard;
  while (heard.seconds() < 20 * 0.04 - 1e-9) tts.hear_one(heard);
  assert_text(heard.text(), "not a whole sentence");
}
GST_END_TEST;

GST_START_TEST(test_drain_query) {
  TtsHarness tts;
  scenario().per_byte = std::chrono::milliseconds(2);
  tts.start();
  tts.text("all of this comes first");
  GstQuery* query = gst_query_new_drain();
  fail_unless(gst_pad_peer_query(tts.get()->srcpad, query));
  gst_query_unref(query);
  gint64 position = 0;
  gst_element_query_position(tts.element(), GST_FORMAT_TIME, &position);
  fail_unless_equals_int64(position, 23 * 40 * GST_MSECOND);
}
GST_END_TEST;

GST_START_TEST(test_eos_empty) {
  TtsHarness tts;
  tts.start();
  tts.eos();
  fail_unless_equals_int(int(tts.hear().buffers.size()), 0);
  // What comes before the end of any stream.
  for (const GstEventType type : {GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT}) {
    GstEvent* event = gst_pad_get_sticky_event(tts.get()->sinkpad, type, 0);
    fail_unless(event != nullptr, "no %s", gst_event_type_get_name(type));
    gst_event_unref(event);
  }
}
GST_END_TEST;

GST_START_TEST(test_eos_during_load) {
  TtsHarness tts({{"model-path", "/slow"}});
  scenario().load = std::chrono::milliseconds(300);
  gst_element_set_state(tts.element(), GST_STATE_NULL);
  gst_element_set_state(tts.element(), GST_STATE_PLAYING);
  tts.start();
  tts.text("patience");
  GstEvent* eos = gst_event_new_eos();
  const guint32 seqnum = gst_event_get_seqnum(eos);
  gst_harness_push_event(tts.get(), eos);
  assert_text(tts.hear().text(), "patience");
  GstEvent* last = gst_pad_get_sticky_event(tts.get()->sinkpad, GST_EVENT_EOS, 0);
  fail_unless_equals_int(int(gst_event_get_seqnum(last)), int(seqnum));
  gst_event_unref(last);
}
GST_END_TEST;

TCase* tts_flush_cases() {
  TCase* cases = tcase_create("flush");
  tcase_add_test(cases, test_flush_idle);
  tcase_add_test(cases, test_flush_speaking);
  tcase_add_test(cases, test_flush_full_queue);
  tcase_add_test(cases, test_interrupt_idle);
  tcase_add_loop_test(cases, test_interrupt_speaking, 0, 2);
  tcase_add_test(cases, test_interrupt_full_queue);
  tcase_add_test(cases, test_interrupt_keeps_eos);
  tcase_add_loop_test(cases, test_drain, 0, 3);
  tcase_add_test(cases, test_drain_query);
  tcase_add_test(cases, test_eos_empty);
  tcase_add_test(cases, test_eos_during_load);
  return cases;
}

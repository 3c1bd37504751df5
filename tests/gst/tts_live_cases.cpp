// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Live text and latency.
#include <string>

#include "tts_cases.h"
#include "tts_fixture.h"

using namespace chatterbox::gst;

namespace {

struct Latency {
  gboolean live;
  GstClockTime least, most;
};

Latency latency_of(TtsHarness& tts) {
  Latency latency{};
  GstQuery* query = gst_query_new_latency();
  fail_unless(gst_pad_peer_query(tts.get()->sinkpad, query));
  gst_query_parse_latency(query, &latency.live, &latency.least, &latency.most);
  gst_query_unref(query);
  return latency;
}

// A sentence spoken to its end, in a live pipeline.
Heard hear_live(TtsHarness& tts, std::size_t bytes) {
  Heard heard;
  while (heard.seconds() < double(bytes) * 0.04 - 1e-9) tts.hear_one(heard);
  return heard;
}

}  // namespace

GST_START_TEST(test_latency_not_live) {
  TtsHarness tts({{"latency", "300"}});
  const Latency latency = latency_of(tts);
  fail_unless_equals_int(latency.live, FALSE);
}
GST_END_TEST;

GST_START_TEST(test_latency_live) {
  TtsHarness tts({{"latency", "300"}}, true, true);
  gst_harness_set_upstream_latency(tts.get(), 50 * GST_MSECOND);
  const Latency latency = latency_of(tts);
  fail_unless_equals_int(latency.live, TRUE);
  fail_unless_equals_uint64(latency.least, 350 * GST_MSECOND);
}
GST_END_TEST;

// Nobody to ask, nothing loaded, no caps: there is an answer all the same.
GST_START_TEST(test_latency_in_paused) {
  reset_scenario();
  scenario().load = std::chrono::seconds(20);
  GstElement* element = gst_element_factory_make("chatterboxtts", nullptr);
  g_object_set(element, "force-live", TRUE, "latency", 200, nullptr);
  fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED),
                         GST_STATE_CHANGE_NO_PREROLL);
  GstPad* src = gst_element_get_static_pad(element, "src");
  GstQuery* query = gst_query_new_latency();
  fail_unless(gst_pad_query(src, query));
  gboolean live = FALSE;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  gst_query_unref(query);
  gst_object_unref(src);
  fail_unless(live);
  fail_unless_equals_uint64(least, 200 * GST_MSECOND);
  fail_unless_equals_uint64(most, GST_CLOCK_TIME_NONE);
  const double took = milliseconds_of([&] { gst_element_set_state(element, GST_STATE_NULL); });
  fail_unless(took < 100, "%g ms", took);
  gst_object_unref(element);
}
GST_END_TEST;

GST_START_TEST(test_latency_message) {
  TtsHarness tts;
  g_object_set(tts.element(), "latency", 100, nullptr);
  GstMessage* message = tts.message(GST_MESSAGE_LATENCY);
  fail_unless(message != nullptr);
  gst_message_unref(message);
  g_object_set(tts.element(), "latency", 100, nullptr);
  GstBus* bus = gst_element_get_bus(tts.element());
  fail_unless(gst_bus_pop_filtered(bus, GST_MESSAGE_LATENCY) == nullptr);
  gst_object_unref(bus);
}
GST_END_TEST;

// Live text begins when it is there: at the running time, not after the text
// before it.
GST_START_TEST(test_immediate) {
  TtsHarness tts({}, true, true);
  gst_harness_set_time(tts.get(), 0);
  tts.start();
  tts.text("Hello.");
  const Heard before = hear_live(tts, 6);
  assert_text(before.text(), "Hello.");
  gst_harness_set_time(tts.get(), 5 * GST_SECOND);
  tts.text("Again.");
  const Heard after = hear_live(tts, 6);
  fail_unless_equals_uint64(after.buffers.front().pts, 5 * GST_SECOND);
  fail_unless(after.buffers.front().discont);
  assert_perfect(after);
}
GST_END_TEST;

// Tokens of a language model: joined exactly, a sentence as soon as it is one.
GST_START_TEST(test_tokens) {
  TtsHarness tts({{"max-wait", "0"}}, true, true);
  tts.start();
  for (const char* token : {"Vers", "ion 3", ".", "5 is", " out", ".", " Go"}) tts.text(token);
  assert_text(hear_live(tts, 19).text(), "Version 3.5 is out.");
  g_usleep(50000);
  fail_unless_equals_int(scenario().utterances, 1);
  tts.text(" on\n");
  assert_text(hear_live(tts, 5).text(), "Go on");
}
GST_END_TEST;

GST_START_TEST(test_max_wait) {
  TtsHarness tts({{"max-wait", "800"}, {"force-live", "true"}});
  tts.start();
  tts.text("no end");
  g_usleep(50000);
  fail_unless_equals_int(scenario().utterances, 0);
  assert_text(hear_live(tts, 6).text(), "no end");
}
GST_END_TEST;

// A stream that says nothing still tells mixers that time goes on.
GST_START_TEST(test_idle_gaps) {
  TtsHarness tts({}, true, true);
  tts.start();
  gst_harness_set_time(tts.get(), 2 * GST_SECOND);
  GstClockTime start = 0, duration = 0;
  while (true) {
    GstEvent* event = gst_harness_pull_event(tts.get());
    fail_unless(event != nullptr);
    const bool gap = GST_EVENT_TYPE(event) == GST_EVENT_GAP;
    if (gap) gst_event_parse_gap(event, &start, &duration);
    gst_event_unref(event);
    if (gap && start + duration == 2 * GST_SECOND) break;
  }
}
GST_END_TEST;

// A live source gives nothing away in PAUSED.
GST_START_TEST(test_force_live_paused) {
  TtsHarness tts({{"force-live", "true"}});
  gst_element_set_state(tts.element(), GST_STATE_PAUSED);
  tts.start();
  tts.text("Wait.\n");
  g_usleep(100000);
  fail_unless_equals_int(int(gst_harness_buffers_received(tts.get())), 0);
  gst_element_set_state(tts.element(), GST_STATE_PLAYING);
  assert_text(hear_live(tts, 5).text(), "Wait.");
}
GST_END_TEST;

// A live cue that comes too late is said later, whole, and reported.
GST_START_TEST(test_late_cue) {
  TtsHarness tts({{"latency", "100"}}, true, true);
  gst_harness_set_time(tts.get(), 10 * GST_SECOND);
  tts.start(GST_FORMAT_TIME);
  tts.text("too late", 9 * GST_SECOND, GST_SECOND);
  const Heard heard = hear_live(tts, 8);
  assert_text(heard.text(), "too late");
  fail_unless_equals_uint64(heard.buffers.front().pts, 9900 * GST_MSECOND);
  GstMessage* message = tts.message(GST_MESSAGE_QOS);
  fail_unless(message != nullptr);
  gst_message_unref(message);
}
GST_END_TEST;

// Somebody waits in silence: the first clause goes ahead of its sentence, what
// follows is spoken by sentences.
GST_START_TEST(test_first_clause) {
  TtsHarness tts({{"max-wait", "0"}, {"first-min-chars", "10"}, {"force-live", "true"}});
  scenario().per_byte = std::chrono::milliseconds(20);
  tts.start();
  for (const char* token : {"No, ", "well then,"}) tts.text(token);
  for (int i = 0; i < 10000 && scenario().utterances == 0; ++i) g_usleep(1000);
  for (const char* token : {" that is", " what, after all,", " we want."}) tts.text(token);
  std::string said;
  hear_live(tts, 14 + 33);
  for (const SpokenText& spoken : spoken_texts()) said += "/" + spoken.text;
  assert_text(said, "/No, well then,/that is what, after all, we want.");
}
GST_END_TEST;

// Speech goes on with the running time through an interruption with a flush.
GST_START_TEST(test_interrupt_keeps_time) {
  TtsHarness tts({}, true, true);
  gst_harness_set_time(tts.get(), GST_SECOND);
  tts.start();
  tts.text("Hello.");
  fail_unless_equals_uint64(hear_live(tts, 6).buffers.front().pts, GST_SECOND);
  gst_harness_set_time(tts.get(), 3 * GST_SECOND);
  g_signal_emit_by_name(tts.element(), "interrupt", TRUE);
  while (GstBuffer* stale = gst_harness_try_pull(tts.get())) gst_buffer_unref(stale);
  gst_harness_set_time(tts.get(), 4 * GST_SECOND);
  fail_unless_equals_int(tts.text("Again."), GST_FLOW_OK);
  const Heard heard = hear_live(tts, 6);
  assert_text(heard.text(), "Again.");
  fail_unless_equals_uint64(heard.buffers.front().pts, 4 * GST_SECOND);
  fail_unless(heard.buffers.front().discont);
  GstEvent* event = gst_pad_get_sticky_event(tts.get()->sinkpad, GST_EVENT_SEGMENT, 0);
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event, &segment);
  fail_unless_equals_uint64(
      gst_segment_to_running_time(segment, GST_FORMAT_TIME, heard.buffers.front().pts),
      4 * GST_SECOND);
  gst_event_unref(event);
}
GST_END_TEST;

// Nobody upstream answers: not live, and the query is answered all the same.
GST_START_TEST(test_latency_upstream_silent) {
  TtsHarness tts;
  gst_pad_set_query_function(tts.get()->srcpad,
                             [](GstPad*, GstObject*, GstQuery*) { return FALSE; });
  const Latency latency = latency_of(tts);
  fail_if(latency.live);
  fail_unless_equals_uint64(latency.most, GST_CLOCK_TIME_NONE);
}
GST_END_TEST;

// A source that is not live says (0, 0), which would leave a mixer no time at all.
GST_START_TEST(test_latency_forced) {
  TtsHarness tts({{"latency", "100"}, {"force-live", "true"}});
  gst_pad_set_query_function(tts.get()->srcpad,
                             [](GstPad*, GstObject*, GstQuery* query) -> gboolean {
                               if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return FALSE;
                               gst_query_set_latency(query, FALSE, 0, 0);
                               return TRUE;
                             });
  const Latency latency = latency_of(tts);
  fail_unless(latency.live);
  fail_unless_equals_uint64(latency.least, 100 * GST_MSECOND);
  fail_unless_equals_uint64(latency.most, GST_CLOCK_TIME_NONE);
}
GST_END_TEST;

// latency=-1, as other synthesizers have it, is immediate timing.
GST_START_TEST(test_latency_minus_one) {
  TtsHarness tts({{"latency", "4294967295"}}, true, true);
  gst_harness_set_upstream_latency(tts.get(), 50 * GST_MSECOND);
  fail_unless_equals_uint64(latency_of(tts).least, 50 * GST_MSECOND);
  gst_harness_set_time(tts.get(), 9 * GST_SECOND);
  tts.start(GST_FORMAT_TIME);
  tts.text("at once", GST_SECOND, GST_SECOND);
  fail_unless_equals_uint64(hear_live(tts, 7).buffers.front().pts, 9 * GST_SECOND);
}
GST_END_TEST;

// A live stream has begun before there is anything to say, in PAUSED too, and after a flush.
GST_START_TEST(test_live_before_text) {
  TtsHarness tts({{"force-live", "true"}}, false);
  const auto wait_for = [&](GstEventType type) {
    for (int i = 0; i < 2000; ++i) {
      GstEvent* event = gst_pad_get_sticky_event(tts.get()->sinkpad, type, 0);
      if (event) return gst_event_unref(event);
      g_usleep(1000);
    }
    ck_abort_msg("no %s", gst_event_type_get_name(type));
  };
  const auto wait_for_gap = [&](GstClockTime until) {
    gst_harness_set_time(tts.get(), until);
    while (GstEvent* event = gst_harness_pull_event(tts.get())) {
      GstClockTime start = 0, duration = 0;
      const bool gap = GST_EVENT_TYPE(event) == GST_EVENT_GAP;
      if (gap) gst_event_parse_gap(event, &start, &duration);
      gst_event_unref(event);
      if (gap && start + duration >= until) return;
    }
    ck_abort_msg("no gap");
  };
  for (const GstEventType type : {GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT})
    wait_for(type);
  wait_for_gap(GST_SECOND);
  g_signal_emit_by_name(tts.element(), "interrupt", TRUE);
  wait_for(GST_EVENT_SEGMENT);
  wait_for_gap(3 * GST_SECOND);
}
GST_END_TEST;

// One operation has one number: the flush of an interruption and the segment after it.
GST_START_TEST(test_interrupt_seqnum) {
  TtsHarness tts({}, true, true);
  tts.start();
  tts.text("Hello.");
  hear_live(tts, 6);
  while (GstEvent* event = gst_harness_try_pull_event(tts.get())) gst_event_unref(event);
  g_signal_emit_by_name(tts.element(), "interrupt", TRUE);
  guint32 seqnum = GST_SEQNUM_INVALID;
  for (const GstEventType type : {GST_EVENT_FLUSH_START, GST_EVENT_FLUSH_STOP, GST_EVENT_SEGMENT}) {
    GstEvent* event = gst_harness_pull_event(tts.get());
    while (event && GST_EVENT_TYPE(event) != type) {
      gst_event_unref(event);
      event = gst_harness_pull_event(tts.get());
    }
    fail_unless(event != nullptr, "no %s", gst_event_type_get_name(type));
    if (seqnum == GST_SEQNUM_INVALID) seqnum = gst_event_get_seqnum(event);
    fail_unless_equals_int(int(seqnum), int(gst_event_get_seqnum(event)));
    gst_event_unref(event);
  }
}
GST_END_TEST;

// Upstream's latency is asked for again when the pipeline asks.
GST_START_TEST(test_upstream_becomes_live) {
  TtsHarness tts;
  tts.start();
  gst_harness_set_live(tts.get(), TRUE);
  fail_unless(latency_of(tts).live);
  gst_harness_set_time(tts.get(), 7 * GST_SECOND);
  tts.text("Hello.");
  fail_unless_equals_uint64(hear_live(tts, 6).buffers.front().pts, 7 * GST_SECOND);
}
GST_END_TEST;

TCase* tts_live_cases() {
  TCase* cases = tcase_create("live");
  tcase_add_test(cases, test_latency_not_live);
  tcase_add_test(cases, test_latency_live);
  tcase_add_test(cases, test_latency_in_paused);
  tcase_add_test(cases, test_latency_message);
  tcase_add_test(cases, test_immediate);
  tcase_add_test(cases, test_tokens);
  tcase_add_test(cases, test_max_wait);
  tcase_add_test(cases, test_idle_gaps);
  tcase_add_test(cases, test_force_live_paused);
  tcase_add_test(cases, test_late_cue);
  tcase_add_test(cases, test_first_clause);
  tcase_add_test(cases, test_interrupt_keeps_time);
  tcase_add_test(cases, test_latency_upstream_silent);
  tcase_add_test(cases, test_latency_forced);
  tcase_add_test(cases, test_latency_minus_one);
  tcase_add_test(cases, test_live_before_text);
  tcase_add_test(cases, test_interrupt_seqnum);
  tcase_add_test(cases, test_upstream_becomes_live);
  return cases;
}

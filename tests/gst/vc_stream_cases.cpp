// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Lengths, timestamps, gaps, segments, flushes.
#include <atomic>
#include <cmath>
#include <random>
#include <string>

#include "vc_cases.h"
#include "vc_fixture.h"

using namespace chatterbox::gst;

// As long as the input to a sample, however it is cut, and sounding alike.
GST_START_TEST(test_length) {
  std::mt19937 random(unsigned(__i__) + 1);
  const std::string chunk = std::to_string(1 + random() % 12);
  const int out_rate = __i__ % 2 ? 48000 : 24000;
  VcHarness vc({{"chunk-size", chunk.c_str()}}, false, out_rate);
  const int rate = __i__ % 3 ? 16000 : 44100;
  vc.start(rate);
  const std::size_t total = 1 + random() % 100000;
  for (std::size_t at = 0; at < total;) {
    const std::size_t count = std::min<std::size_t>(total - at, 1 + random() % 3000);
    fail_unless_equals_int(vc.push(tone(count, rate, 300, at), time_of(at, rate)), GST_FLOW_OK);
    at += count;
  }
  vc.eos();
  const Converted converted = vc.hear();
  const double exact = double(total) * out_rate / rate;
  fail_unless(std::abs(double(converted.samples.size()) - exact) <= 1.5, "%zu at %d: %zu at %d",
              total, rate, converted.samples.size(), out_rate);
  fail_unless_equals_uint64(converted.begin(), 0);
  assert_perfect(converted);
  for (const auto& buffer : converted.buffers)
    fail_unless(!buffer.discont || &buffer == &converted.buffers.front());
  // The tone at its place: the engine under test changes nothing.
  for (std::size_t i = 200; i + 200 < converted.samples.size(); i += 97) {
    const double expected = 0.5 * std::sin(2 * M_PI * 300 * double(i) / out_rate);
    fail_unless(std::abs(converted.samples[i] - expected) < 0.03, "sample %zu: %g, expected %g", i,
                converted.samples[i], expected);
  }
}
GST_END_TEST;

GST_START_TEST(test_empty) {
  VcHarness vc;
  vc.start();
  vc.eos();
  fail_unless(vc.hear().samples.empty());
}
GST_END_TEST;

GST_START_TEST(test_eos_keeps_seqnum) {
  VcHarness vc;
  vc.start();
  vc.push(tone(16000, 16000), 0);
  GstEvent* eos = gst_event_new_eos();
  const guint32 seqnum = gst_event_get_seqnum(eos);
  vc.event(eos);
  vc.hear();
  GstEvent* seen = gst_pad_get_sticky_event(vc.get()->sinkpad, GST_EVENT_EOS, 0);
  fail_unless_equals_int(int(gst_event_get_seqnum(seen)), int(seqnum));
  gst_event_unref(seen);
}
GST_END_TEST;

// Timestamps that are a little off are not believed.
GST_START_TEST(test_jitter) {
  VcHarness vc;
  vc.start();
  std::mt19937 random(5);
  for (std::size_t i = 0; i < 100; ++i)
    vc.push(tone(320, 16000, 300, i * 320), i * 20 * GST_MSECOND + random() % (10 * GST_MSECOND));
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless_equals_int(int(converted.samples.size()), 48000);
  assert_perfect(converted);
  for (std::size_t i = 1; i < converted.buffers.size(); ++i)
    fail_unless(!converted.buffers[i].discont);
}
GST_END_TEST;

// What lies before a jump comes out whole, what lies after it at its own time.
GST_START_TEST(test_jump) {
  VcHarness vc;
  vc.start();
  vc.push(tone(10000, 16000), 0);
  vc.push(tone(6000, 16000), 5 * GST_SECOND, true);
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless_equals_int(int(converted.samples.size()), 24000);
  int jumps = 0;
  std::size_t before = 0;
  for (const auto& buffer : converted.buffers) {
    if (buffer.pts < 5 * GST_SECOND) before += buffer.frames;
    if (&buffer == &converted.buffers.front() || !buffer.discont) continue;
    ++jumps;
    fail_unless_equals_uint64(buffer.pts, 5 * GST_SECOND);
  }
  fail_unless_equals_int(jumps, 1);
  fail_unless_equals_int(int(before), 15000);
  assert_perfect(converted);
}
GST_END_TEST;

// Everything pending comes out before a gap, and the gap is forwarded.
GST_START_TEST(test_gap_event) {
  VcHarness vc;
  vc.start();
  vc.push(tone(8000, 16000), 0);
  vc.event(gst_event_new_gap(500 * GST_MSECOND, GST_SECOND));
  vc.push(tone(8000, 16000), 1500 * GST_MSECOND);
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless_equals_int(int(converted.samples.size()), 24000);
  fail_unless_equals_uint64(converted.end(), 2 * GST_SECOND);
  std::size_t before = 0;
  for (const auto& buffer : converted.buffers)
    if (buffer.pts < GST_SECOND) before += buffer.frames;
  fail_unless_equals_int(int(before), 12000);
  bool gap = false;
  while (GstEvent* event = gst_harness_try_pull_event(vc.get())) {
    gap |= GST_EVENT_TYPE(event) == GST_EVENT_GAP;
    gst_event_unref(event);
  }
  fail_unless(gap);
}
GST_END_TEST;

GST_START_TEST(test_caps_change) {
  VcHarness vc;
  vc.start(16000);
  vc.push(tone(8000, 16000), 0);
  vc.caps(48000);
  vc.push(tone(24000, 48000), 500 * GST_MSECOND);
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless_equals_int(int(converted.samples.size()), 24000);
  assert_perfect(converted);
  fail_unless_equals_uint64(converted.end(), GST_SECOND);
}
GST_END_TEST;

// The rate downstream wants may change in the middle.
GST_START_TEST(test_reconfigure) {
  VcHarness vc;
  vc.start();
  vc.push(tone(16000, 16000), 0);
  Converted converted;
  vc.hear_one(converted);
  gst_harness_set_sink_caps_str(vc.get(), "audio/x-raw,format=F32LE,rate=48000");
  gst_harness_push_upstream_event(vc.get(), gst_event_new_reconfigure());
  vc.push(tone(16000, 16000, 440, 16000), GST_SECOND);
  vc.eos();
  const Converted rest = vc.hear();
  fail_unless_equals_int(rest.rate, 48000);
  fail_unless_equals_uint64(rest.end(), 2 * GST_SECOND);
}
GST_END_TEST;

GST_START_TEST(test_segments) {
  VcHarness vc;
  vc.start();
  vc.push(tone(4000, 16000), 0);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 10 * GST_SECOND;
  segment.stop = 11 * GST_SECOND;
  segment.base = GST_SECOND;
  vc.segment(segment);
  // Clipped at both ends: 0.5 s before and after.
  vc.push(tone(32000, 16000), 9500 * GST_MSECOND);
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless_equals_int(int(converted.samples.size()), 6000 + 24000);
  fail_unless_equals_uint64(converted.end(), 11 * GST_SECOND);
  GstEvent* event = gst_pad_get_sticky_event(vc.get()->sinkpad, GST_EVENT_SEGMENT, 0);
  const GstSegment* seen = nullptr;
  gst_event_parse_segment(event, &seen);
  fail_unless_equals_uint64(seen->base, GST_SECOND);
  fail_unless_equals_uint64(seen->start, 10 * GST_SECOND);
  gst_event_unref(event);
}
GST_END_TEST;

// The same segment again only tells where upstream is.
GST_START_TEST(test_segment_update) {
  VcHarness vc;
  vc.start();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  for (std::size_t i = 0; i < 10; ++i) {
    segment.position = i * 100 * GST_MSECOND;
    vc.segment(segment);
    vc.push(tone(1600, 16000, 300, i * 1600), i * 100 * GST_MSECOND);
  }
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless_equals_int(int(converted.samples.size()), 24000);
  for (std::size_t i = 1; i < converted.buffers.size(); ++i)
    fail_unless(!converted.buffers[i].discont);
}
GST_END_TEST;

GST_START_TEST(test_bytes) {
  VcHarness vc;
  vc.event(gst_event_new_stream_start("test"));
  vc.caps(16000);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  vc.segment(segment);
  vc.push(tone(8000, 16000), GST_CLOCK_TIME_NONE);
  vc.push(tone(8000, 16000), GST_CLOCK_TIME_NONE);
  vc.eos();
  const Converted converted = vc.hear();
  fail_unless_equals_int(int(converted.samples.size()), 24000);
  fail_unless_equals_uint64(converted.begin(), 0);
  fail_unless_equals_uint64(converted.end(), GST_SECOND);
}
GST_END_TEST;

// Idle, in the middle of a chunk, with a full queue, twice; nothing stale after.
// A flush when the engine has been given speech and is about to convert: it does not.
GST_START_TEST(test_flush_before_conversion) {
  VcHarness vc;
  vc.start();
  vc.wait_until_loaded();
  converter_scenario().chunk_ms = 20000;
  std::atomic<bool> flushing{false};
  converter_scenario().at_push = [&] {
    vc.event(gst_event_new_flush_start());
    flushing = true;
  };
  vc.push(tone(16000, 16000), 0);
  while (!flushing) g_usleep(1000);
  // Waits for the task.
  vc.event(gst_event_new_flush_stop(TRUE));
  fail_unless_equals_int(converter_scenario().cancelled, 1);
  // And it was not for what comes next.
  converter_scenario().chunk_ms = 0;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  vc.segment(segment);
  vc.push(tone(16000, 16000), 0);
  vc.eos();
  fail_unless_equals_int(int(vc.hear().samples.size()), 24000);
  fail_unless_equals_int(converter_scenario().cancelled, 1);
}
GST_END_TEST;

GST_START_TEST(test_flush) {
  VcHarness vc;
  vc.wait_until_loaded();
  for (int round = 0; round < 4; ++round) {
    converter_scenario().chunk_ms = round == 0 ? 0 : 50;
    vc.start();
    if (round > 0) vc.push(tone(6000, 16000), 0);
    if (round == 2) vc.push(tone(6000, 16000, 440, 6000), 375 * GST_MSECOND);
    const gint64 begin = g_get_monotonic_time();
    vc.flush();
    if (round == 3) vc.flush();
    fail_unless(g_get_monotonic_time() - begin < 200000);
    while (GstBuffer* stale = gst_harness_try_pull(vc.get())) gst_buffer_unref(stale);
    converter_scenario().chunk_ms = 0;
    vc.start();
    vc.push(std::vector<float>(8000, 0.25F), 7 * GST_SECOND);
    vc.eos();
    const Converted converted = vc.hear();
    fail_unless_equals_int(int(converted.samples.size()), 12000);
    fail_unless_equals_uint64(converted.begin(), 7 * GST_SECOND);
    for (std::size_t i = 100; i < 11900; ++i)
      fail_unless(std::abs(converted.samples[i] - 0.25F) < 0.01F);
    gst_harness_push_event(vc.get(), gst_event_new_stream_start("next"));
    vc.flush();
  }
}
GST_END_TEST;

GST_START_TEST(test_drain_query) {
  VcHarness vc;
  vc.start();
  vc.push(tone(5000, 16000), 0);
  GstQuery* query = gst_query_new_drain();
  fail_unless(gst_pad_peer_query(vc.get()->srcpad, query));
  gst_query_unref(query);
  Converted converted;
  vc.hear_available(converted);
  fail_unless_equals_int(int(converted.samples.size()), 7500);
}
GST_END_TEST;

// Downstream's reasons reach upstream.
GST_START_TEST(test_downstream_flow) {
  VcHarness vc;
  vc.start();
  vc.push(tone(16000, 16000), 0);
  Converted converted;
  vc.hear_one(converted);
  gst_pad_set_active(vc.get()->sinkpad, FALSE);
  GstFlowReturn flow = GST_FLOW_OK;
  for (int i = 0; i < 200 && flow == GST_FLOW_OK; ++i)
    flow = vc.push(tone(16000, 16000), GST_CLOCK_TIME_NONE);
  fail_unless_equals_int(flow, GST_FLOW_FLUSHING);
}
GST_END_TEST;

TCase* vc_stream_cases() {
  TCase* cases = tcase_create("stream");
  tcase_add_loop_test(cases, test_length, 0, 24);
  tcase_add_test(cases, test_empty);
  tcase_add_test(cases, test_eos_keeps_seqnum);
  tcase_add_test(cases, test_jitter);
  tcase_add_test(cases, test_jump);
  tcase_add_test(cases, test_gap_event);
  tcase_add_test(cases, test_caps_change);
  tcase_add_test(cases, test_reconfigure);
  tcase_add_test(cases, test_segments);
  tcase_add_test(cases, test_segment_update);
  tcase_add_test(cases, test_bytes);
  tcase_add_test(cases, test_flush_before_conversion);
  tcase_add_test(cases, test_flush);
  tcase_add_test(cases, test_drain_query);
  tcase_add_test(cases, test_downstream_flow);
  return cases;
}

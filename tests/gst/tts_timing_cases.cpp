// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// When utterances begin, and what lies between them.
#include <string>
#include <vector>

#include "chatterbox/audio.h"
#include "tts_cases.h"
#include "tts_fixture.h"

using namespace chatterbox::gst;

namespace {

constexpr GstClockTime kByte = 40 * GST_MSECOND;

struct Gap {
  GstClockTime start, duration;
  bool operator==(const Gap&) const = default;
};

std::vector<Gap> gaps(TtsHarness& tts) {
  std::vector<Gap> found;
  while (GstEvent* event = gst_harness_try_pull_event(tts.get())) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
      Gap gap{};
      gst_event_parse_gap(event, &gap.start, &gap.duration);
      found.push_back(gap);
    }
    gst_event_unref(event);
  }
  return found;
}

}  // namespace

GST_START_TEST(test_contiguous) {
  TtsHarness tts;
  tts.start();
  tts.text("This is the first sentence. And here comes the second. ");
  tts.eos();
  const Heard heard = tts.hear();
  assert_perfect(heard);
  for (std::size_t i = 1; i < heard.buffers.size(); ++i) fail_if(heard.buffers[i].discont);
  fail_unless_equals_int(int(gaps(tts).size()), 0);
}
GST_END_TEST;

// What was taken off the ends of two sentences is between them again, in neither.
GST_START_TEST(test_pause_between_sentences) {
  const std::string one = "[silence] Here is a sentence.";
  const std::string other = "[silence] And one more here.";
  TtsHarness tts;
  tts.start();
  tts.text(one + " " + other);
  tts.eos();
  const Heard heard = tts.hear();
  assert_perfect(heard);
  const std::size_t pause = std::size_t(kSilenceBefore + kSilenceAfter);
  const std::size_t speech = (one.size() + other.size()) * 960;
  fail_unless_equals_uint64(heard.samples.size(), speech + pause);
  std::size_t silent = 0;
  for (const auto& buffer : heard.buffers) silent += buffer.gap ? buffer.frames : 0;
  fail_unless_equals_uint64(silent, pause);
  const GstClockTime end = one.size() * kByte;
  gst_structure_free(tts.report("chatterbox/utterance-start"));
  GstStructure* report = tts.report("chatterbox/utterance-start");
  guint64 begin = 0;
  gst_structure_get_uint64(report, "timestamp", &begin);
  fail_unless_equals_uint64(begin, end + 300 * GST_MSECOND);
  gst_structure_free(report);
  fail_unless_equals_int(int(gaps(tts).size()), 0);
}
GST_END_TEST;

// The same within an utterance, unless the text says how long the pause is.
GST_START_TEST(test_pause_between_parts) {
  const auto frames = [](const char* document) {
    TtsHarness tts;
    tts.start(GST_FORMAT_BYTES, "application/ssml+xml");
    tts.text(document);
    tts.eos();
    return tts.hear().samples.size();
  };
  const std::size_t speech = 2 * std::string("[silence] one").size() * 960;
  fail_unless_equals_uint64(
      frames("<speak>[silence] one<prosody volume='soft'>[silence] two</prosody></speak>"),
      speech + std::size_t(kSilenceBefore + kSilenceAfter));
  fail_unless_equals_uint64(
      frames("<speak>[silence] one<break time='500ms'/>[silence] two</speak>"),
      speech + chatterbox::kOutputRateHz / 2);
}
GST_END_TEST;

GST_START_TEST(test_cues) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME);
  tts.text("0123456789", GST_SECOND, GST_SECOND);                     // 1.0 to 1.4
  tts.text("0123456789", 2 * GST_SECOND);                             // no duration
  tts.text("01234", 2 * GST_SECOND + 100 * GST_MSECOND, GST_SECOND);  // begins too early
  tts.eos();
  const Heard heard = tts.hear();
  fail_unless_equals_uint64(heard.buffers.front().pts, GST_SECOND);
  const std::vector<Gap> expected = {{0, GST_SECOND}, {GST_SECOND + 10 * kByte, 600 * GST_MSECOND}};
  fail_unless(gaps(tts) == expected);
  std::vector<GstClockTime> disconts;
  for (const auto& buffer : heard.buffers)
    if (buffer.discont) disconts.push_back(buffer.pts);
  const std::vector<GstClockTime> jumps = {GST_SECOND, 2 * GST_SECOND};
  fail_unless(disconts == jumps);
  assert_perfect(heard);
  fail_unless_equals_uint64(heard.buffers.back().pts + heard.buffers.back().duration,
                            2 * GST_SECOND + 15 * kByte);
}
GST_END_TEST;

GST_START_TEST(test_fill_gaps) {
  TtsHarness tts({{"fill-gaps", "true"}});
  gst_harness_set_sink_caps_str(tts.get(), "audio/x-raw,rate=44100");
  tts.start(GST_FORMAT_TIME);
  tts.text("01234", GST_SECOND, GST_SECOND);
  tts.text("01234", 3 * GST_SECOND, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  assert_perfect(heard);
  fail_unless_equals_int(int(gaps(tts).size()), 0);
  fail_unless_equals_int(int(heard.samples.size()), 44100 * 32 / 10);
  GstClockTime silent = 0;
  for (std::size_t i = 0; i < heard.buffers.size(); ++i) {
    fail_unless_equals_int(heard.buffers[i].discont, i == 0);
    if (heard.buffers[i].gap) silent += heard.buffers[i].duration;
  }
  fail_unless(silent >= 2800 * GST_MSECOND - 100000 && silent <= 2800 * GST_MSECOND + 100000);
}
GST_END_TEST;

GST_START_TEST(test_clip) {
  TtsHarness tts({{"overflow", "clip"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("0123456789", 0, 200 * GST_MSECOND);
  tts.text("abc", 200 * GST_MSECOND, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(heard.text(), "01234abc");
  GstStructure* end = tts.report("chatterbox/utterance-end");
  gboolean interrupted = FALSE;
  fail_unless(gst_structure_get_boolean(end, "interrupted", &interrupted) && interrupted);
  gst_structure_free(end);
}
GST_END_TEST;

GST_START_TEST(test_overlap) {
  TtsHarness tts({{"overflow", "overlap"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("0123456789", 0, 200 * GST_MSECOND);
  tts.text("abc", 200 * GST_MSECOND, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(heard.text(), "0123456789abc");
  bool begins_on_time = false;
  for (const auto& buffer : heard.buffers)
    begins_on_time |= buffer.discont && buffer.pts == 200 * GST_MSECOND;
  fail_unless(begins_on_time);
}
GST_END_TEST;

GST_START_TEST(test_timing_contiguous) {
  TtsHarness tts({{"timing", "contiguous"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("Tokens ", GST_SECOND);
  tts.text("make a sent", 2 * GST_SECOND);
  tts.text("ence.", 5 * GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(heard.text(), "Tokens make a sentence.");
  fail_unless_equals_uint64(heard.buffers.front().pts, 0);
  assert_perfect(heard);
}
GST_END_TEST;

// Upstream's segment is kept, so that cues meet the picture they belong to.
GST_START_TEST(test_segment) {
  TtsHarness tts;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = 10 * GST_SECOND;
  segment.stop = 20 * GST_SECOND;
  segment.base = 3 * GST_SECOND;
  tts.start(segment);
  tts.text("late", 11 * GST_SECOND, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  fail_unless_equals_uint64(heard.buffers.front().pts, 11 * GST_SECOND);
  GstEvent* event = gst_pad_get_sticky_event(tts.get()->sinkpad, GST_EVENT_SEGMENT, 0);
  GstSegment out;
  gst_event_copy_segment(event, &out);
  gst_event_unref(event);
  fail_unless_equals_int(out.format, GST_FORMAT_TIME);
  fail_unless_equals_uint64(out.base, segment.base);
  fail_unless_equals_uint64(out.stop, GST_CLOCK_TIME_NONE);
  const std::vector<Gap> expected = {{10 * GST_SECOND, GST_SECOND}};
  fail_unless(gaps(tts) == expected);
  GstStructure* start = tts.report("chatterbox/utterance-start");
  guint64 running = 0, stream = 0;
  fail_unless(gst_structure_get_uint64(start, "running-time", &running));
  fail_unless(gst_structure_get_uint64(start, "stream-time", &stream));
  fail_unless_equals_uint64(running, 4 * GST_SECOND);
  fail_unless_equals_uint64(stream, 11 * GST_SECOND);
  gst_structure_free(start);
}
GST_END_TEST;

// Of a gap in the text what lies behind the speech is a gap of the output.
GST_START_TEST(test_gap_event) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME);
  tts.text("0123456789", 0, 200 * GST_MSECOND);
  gst_harness_push_event(tts.get(), gst_event_new_gap(200 * GST_MSECOND, GST_SECOND));
  tts.eos();
  tts.hear();
  const std::vector<Gap> expected = {{10 * kByte, 800 * GST_MSECOND}};
  fail_unless(gaps(tts) == expected);
}
GST_END_TEST;

GST_START_TEST(test_two_files) {
  TtsHarness tts;
  tts.start();
  tts.text("one");
  tts.start();
  tts.text("two");
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(heard.text(), "onetwo");
  assert_perfect(heard);
  fail_unless_equals_uint64(heard.buffers.back().pts + heard.buffers.back().duration, 6 * kByte);
}
GST_END_TEST;

// Two segments with times: each has its own.
GST_START_TEST(test_two_segments) {
  TtsHarness tts;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  tts.start(segment);
  tts.text("one", GST_SECOND, GST_SECOND);
  segment.start = segment.time = 10 * GST_SECOND;
  segment.base = 4 * GST_SECOND;
  segment.applied_rate = 2;
  gst_harness_push_event(tts.get(), gst_event_new_segment(&segment));
  tts.text("two", 11 * GST_SECOND, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  std::vector<GstClockTime> begins;
  for (const auto& buffer : heard.buffers)
    if (buffer.discont) begins.push_back(buffer.pts);
  const std::vector<GstClockTime> expected = {GST_SECOND, 11 * GST_SECOND};
  fail_unless(begins == expected);
  GstEvent* event = gst_pad_get_sticky_event(tts.get()->sinkpad, GST_EVENT_SEGMENT, 0);
  GstSegment out;
  gst_event_copy_segment(event, &out);
  gst_event_unref(event);
  fail_unless_equals_uint64(out.base, segment.base);
  fail_unless(out.applied_rate == 2);
}
GST_END_TEST;

// The language of the text is the language of its speech; other tags stay.
GST_START_TEST(test_language_tag) {
  static const struct {
    const char* property;
    const char* upstream;
    const char* expected;
    const char* chosen;  // for the engine
    const char* said;    // by the text
  } kWays[] = {{"auto", nullptr, "en", "", ""},
               {"auto", "de", "de", "", "de"},
               {"fr", "de", "fr", "fr", ""}};
  const auto& way = kWays[__i__];
  TtsHarness tts({{"language", way.property}});
  tts.start(GST_FORMAT_TIME);
  if (way.upstream)
    gst_harness_push_event(tts.get(),
                           gst_event_new_tag(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, way.upstream,
                                                              GST_TAG_SUBTITLE_CODEC, "SubRip",
                                                              GST_TAG_TITLE, "A film", nullptr)));
  tts.text("one", 0, GST_SECOND);
  tts.eos();
  tts.hear();
  fail_unless_equals_string(spoken_texts().at(0).options.language.c_str(), way.chosen);
  fail_unless_equals_string(spoken_texts().at(0).options.text_language.c_str(), way.said);
  GstTagList* tags = nullptr;
  GstEvent* event = nullptr;
  for (guint i = 0; (event = gst_pad_get_sticky_event(tts.get()->sinkpad, GST_EVENT_TAG, i)); ++i) {
    gst_event_parse_tag(event, &tags);
    gchar* text = nullptr;
    fail_unless(gst_tag_list_get_string(tags, GST_TAG_LANGUAGE_CODE, &text));
    fail_unless_equals_string(text, way.expected);
    g_free(text);
    fail_if(gst_tag_list_get_string(tags, GST_TAG_SUBTITLE_CODEC, &text));
    if (way.upstream) fail_unless(gst_tag_list_get_string(tags, GST_TAG_TITLE, &text));
    if (way.upstream) g_free(text);
    gst_event_unref(event);
  }
  fail_unless(tags != nullptr);
}
GST_END_TEST;

GST_START_TEST(test_seeking) {
  TtsHarness bytes, text({{"text", "Hello."}}, false);
  bytes.start();
  GstEvent* seek = gst_event_new_seek(1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                                      GST_SEEK_TYPE_NONE, 0);
  for (TtsHarness* tts : {&bytes, &text}) {
    gint64 duration = 0;
    fail_if(gst_pad_push_event(tts->get()->sinkpad, gst_event_ref(seek)));
    fail_if(gst_element_query_duration(tts->element(), GST_FORMAT_TIME, &duration));
  }
  gst_event_unref(seek);
  text.hear();
}
GST_END_TEST;

GST_START_TEST(test_accept_caps) {
  TtsHarness tts;
  static const struct {
    const char* caps;
    gboolean accepted;
  } kCaps[] = {{"text/x-raw,format=utf8", TRUE},
               {"text/x-raw,format=pango-markup", TRUE},
               {"application/ssml+xml", TRUE},
               {"text/x-raw,format=cea608", FALSE},
               {"audio/x-raw", FALSE}};
  for (const auto& c : kCaps) {
    GstCaps* caps = gst_caps_from_string(c.caps);
    fail_unless_equals_int(gst_pad_peer_query_accept_caps(tts.get()->srcpad, caps), c.accepted);
    gst_caps_unref(caps);
  }
}
GST_END_TEST;

GST_START_TEST(test_messages) {
  TtsHarness tts({{"voice", ""}, {"seed", "7"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("Say it [words]", GST_SECOND, GST_SECOND);
  tts.eos();
  tts.hear();
  GstStructure* word = tts.report("chatterbox/word");
  fail_unless_equals_string(gst_structure_get_string(word, "text"), "word");
  guint64 value = 0;
  fail_unless(gst_structure_get_uint64(word, "timestamp", &value));
  fail_unless_equals_uint64(value, GST_SECOND);
  fail_unless(gst_structure_get_uint64(word, "duration", &value));
  fail_unless_equals_uint64(value, 14 * kByte);
  gst_structure_free(word);
  GstStructure* end = tts.report("chatterbox/utterance-end");
  fail_unless_equals_string(gst_structure_get_string(end, "text"), "Say it [words]");
  for (const auto& [name, expected] :
       std::vector<std::pair<const char*, guint64>>{{"timestamp", GST_SECOND},
                                                    {"input-duration", GST_SECOND},
                                                    {"duration", 14 * kByte},
                                                    {"seed", 7}}) {
    fail_unless(gst_structure_get_uint64(end, name, &value), "no %s", name);
    fail_unless_equals_uint64(value, expected);
  }
  gdouble factor = 0;
  fail_unless(gst_structure_get_double(end, "real-time-factor", &factor) && factor > 0);
  gst_structure_free(end);
}
GST_END_TEST;

GST_START_TEST(test_no_messages) {
  TtsHarness tts({{"post-messages", "false"}});
  tts.start();
  tts.text("Hello [words]");
  tts.eos();
  tts.hear();
  GstBus* bus = gst_element_get_bus(tts.element());
  fail_unless(gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT) == nullptr);
  gst_object_unref(bus);
}
GST_END_TEST;

// Nobody speaks backwards: neither a seek nor a segment asks for it.
GST_START_TEST(test_backwards) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME);
  GstEvent* seek = gst_event_new_seek(-1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                                      0, GST_SEEK_TYPE_SET, GST_SECOND);
  fail_if(gst_pad_push_event(tts.get()->sinkpad, seek));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = GST_SECOND;
  gst_pad_push_event(tts.get()->srcpad, gst_event_new_segment(&segment));
  tts.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
}
GST_END_TEST;

// The end of a segment comes after all that was to be said in it.
GST_START_TEST(test_segment_done) {
  TtsHarness tts;
  tts.start();
  tts.text("not ended");
  gst_harness_push_event(tts.get(), gst_event_new_segment_done(GST_FORMAT_BYTES, 9));
  for (int i = 0; i < 5000; ++i) {
    GstEvent* event = gst_harness_pull_event(tts.get());
    fail_unless(event != nullptr, "no SEGMENT_DONE");
    const bool done = GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT_DONE;
    gst_event_unref(event);
    if (done) break;
  }
  gint64 position = 0;
  gst_element_query_position(tts.element(), GST_FORMAT_TIME, &position);
  fail_unless_equals_int64(position, 9 * 40 * GST_MSECOND);
}
GST_END_TEST;

// The stream is of audio, and keeps its language when upstream has tags of other kinds.
GST_START_TEST(test_stream_and_tags) {
  TtsHarness tts({{"language", "en-GB"}});
  tts.start();
  GstTagList* tags = gst_tag_list_new(GST_TAG_TITLE, "A story", nullptr);
  tts.text("Once.");
  gst_harness_push_event(tts.get(), gst_event_new_tag(tags));
  tts.eos();
  tts.hear();
  GstEvent* event = gst_pad_get_sticky_event(tts.get()->sinkpad, GST_EVENT_STREAM_START, 0);
  GstStream* stream = nullptr;
  gst_event_parse_stream(event, &stream);
  fail_unless(stream && gst_stream_get_stream_type(stream) == GST_STREAM_TYPE_AUDIO);
  gst_object_unref(stream);
  gst_event_unref(event);
  event = gst_pad_get_sticky_event(tts.get()->sinkpad, GST_EVENT_TAG, 0);
  gst_event_parse_tag(event, &tags);
  gchar *language = nullptr, *title = nullptr;
  gst_tag_list_get_string(tags, GST_TAG_LANGUAGE_CODE, &language);
  gst_tag_list_get_string(tags, GST_TAG_TITLE, &title);
  fail_unless_equals_string(language, "en-GB");
  fail_unless_equals_string(title, "A story");
  g_free(language);
  g_free(title);
  gst_event_unref(event);
}
GST_END_TEST;

// A timestamp of text that was spoken in one run is not that of the next.
GST_START_TEST(test_no_old_timestamp) {
  TtsHarness tts({{"accumulate", "sentence"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("Timed text", 5 * GST_SECOND, GST_SECOND);
  tts.eos();
  fail_unless_equals_uint64(tts.hear().buffers.front().pts, 5 * GST_SECOND);
  gst_element_set_state(tts.element(), GST_STATE_READY);
  gst_element_set_state(tts.element(), GST_STATE_PLAYING);
  tts.start();
  gboolean done = FALSE;
  g_signal_emit_by_name(tts.element(), "say", "fresh", &done);
  fail_unless(done);
  tts.eos();
  fail_unless_equals_uint64(tts.hear().buffers.front().pts, 0);
}
GST_END_TEST;

TCase* tts_timing_cases() {
  TCase* cases = tcase_create("timing");
  tcase_add_test(cases, test_contiguous);
  tcase_add_test(cases, test_pause_between_sentences);
  tcase_add_test(cases, test_pause_between_parts);
  tcase_add_test(cases, test_cues);
  tcase_add_test(cases, test_fill_gaps);
  tcase_add_test(cases, test_clip);
  tcase_add_test(cases, test_overlap);
  tcase_add_test(cases, test_timing_contiguous);
  tcase_add_test(cases, test_segment);
  tcase_add_test(cases, test_gap_event);
  tcase_add_test(cases, test_two_files);
  tcase_add_test(cases, test_two_segments);
  tcase_add_loop_test(cases, test_language_tag, 0, 3);
  tcase_add_test(cases, test_seeking);
  tcase_add_test(cases, test_accept_caps);
  tcase_add_test(cases, test_messages);
  tcase_add_test(cases, test_no_messages);
  tcase_add_test(cases, test_backwards);
  tcase_add_test(cases, test_segment_done);
  tcase_add_test(cases, test_stream_and_tags);
  tcase_add_test(cases, test_no_old_timestamp);
  return cases;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Cues that are too short for their speech, in each way of dealing with it.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tts_cases.h"
#include "tts_fixture.h"

using namespace chatterbox::gst;

namespace {

constexpr GstClockTime kByte = 40 * GST_MSECOND;

// Begins of utterances, and where the last one ends.
struct Plan {
  const char* overflow;
  const char* max_overflow;
  const char* max_compression;
  GstClockTime second, end;  // begin of the second utterance, end of all
};

// The first cue has 10 bytes, 400 ms, and room for 200; the second begins at its
// end, with 3 bytes and plenty of room.
const Plan kPlans[] = {
    {"shift", "0", "1.5", 10 * kByte, 13 * kByte},
    {"clip", "0", "1.5", 5 * kByte, 8 * kByte},
    {"clip", "80", "1.5", 7 * kByte, 10 * kByte},
    {"overlap", "0", "1.5", 5 * kByte, 8 * kByte},
    {"compress", "0", "2.5", 5 * kByte, 8 * kByte},
    {"compress", "120", "2.5", 8 * kByte, 11 * kByte},
    {"compress", "0", "1.25", 8 * kByte, 11 * kByte},
};

}  // namespace

GST_START_TEST(test_overflow) {
  const Plan& plan = kPlans[__i__];
  TtsHarness tts({{"overflow", plan.overflow},
                  {"max-overflow", plan.max_overflow},
                  {"max-compression", plan.max_compression}});
  tts.start(GST_FORMAT_TIME);
  tts.text("0123456789", 0, 5 * kByte);
  tts.text("abc", 5 * kByte, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  assert_perfect(heard);
  fail_unless_equals_uint64(heard.buffers.back().pts + heard.buffers.back().duration, plan.end);
  for (int i = 0; i < 2; ++i) {
    GstStructure* start = tts.report("chatterbox/utterance-start");
    guint64 timestamp = 0;
    gst_structure_get_uint64(start, "timestamp", &timestamp);
    fail_unless_equals_uint64(timestamp, i == 0 ? 0 : plan.second);
    gst_structure_free(start);
  }
}
GST_END_TEST;

// A cue that fits is not touched.
GST_START_TEST(test_compress_fits) {
  TtsHarness tts({{"overflow", "compress"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("0123456789", 0, GST_SECOND);
  tts.eos();
  assert_text(tts.hear().text(), "0123456789");
}
GST_END_TEST;

// The watermark, a factor of two here, comes once, after the speed has changed: another speed would
// take it away. Where the engine itself speaks at that speed the mark is its own business.
GST_START_TEST(test_marked_once) {
  const bool ssml = __i__ / 2 == 1, wanted = __i__ % 2 == 1;
  TtsHarness tts(
      {{"overflow", ssml ? "shift" : "compress"}, {"watermark", wanted ? "true" : "false"}});
  tts.start(GST_FORMAT_TIME, ssml ? "application/ssml+xml" : "text/x-raw, format=utf8");
  tts.text(ssml ? "<speak><prosody rate='150%'>0123456789</prosody></speak>" : "0123456789", 0,
           8 * kByte);
  tts.eos();
  const std::vector<double> samples = tts.hear().samples;
  fail_unless(samples.size() <= 9 * 24 * kByte / GST_MSECOND, "%zu samples", samples.size());
  double loudest = 0;
  for (const double sample : samples) loudest = std::max(loudest, std::abs(sample));
  fail_unless(std::abs(loudest - (wanted && !ssml ? 1 : 0.5)) < 0.1, "%g", loudest);
  const chatterbox::SynthesisOptions options = spoken_texts().at(0).options;
  fail_unless(options.watermark == (wanted && ssml));
  fail_unless(std::abs(options.speed - (ssml ? 1.5 : 1)) < 1e-9);
}
GST_END_TEST;

// What one cue is late the next ones make up for.
GST_START_TEST(test_compress_catches_up) {
  TtsHarness tts({{"overflow", "compress"}, {"max-compression", "1.25"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("0123456789", 0, 7 * kByte);          // 10 to 8: one too long
  tts.text("0123456789", 7 * kByte, 9 * kByte);  // begins at 8, ends at 16
  tts.text("abc", 16 * kByte, GST_SECOND);       // on time
  tts.eos();
  const Heard heard = tts.hear();
  fail_unless_equals_uint64(heard.buffers.back().pts + heard.buffers.back().duration, 19 * kByte);
}
GST_END_TEST;

GST_START_TEST(test_compress_fails) {
  TtsHarness tts({{"overflow", "compress"}, {"on-error", "skip"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("[late] 0123456789", 0, 5 * kByte);
  tts.text("abc", GST_SECOND, GST_SECOND);
  tts.eos();
  assert_text(tts.hear().text(), "abc");
  tts.expect_warning(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED);
}
GST_END_TEST;

// Speech begins where its cue does when there is room, to the sample.
GST_START_TEST(test_many_cues) {
  TtsHarness tts({{"post-messages", "false"}});
  gst_harness_set_sink_caps_str(tts.get(), "audio/x-raw,rate=44100");
  scenario().samples_per_byte = 960;
  tts.start(GST_FORMAT_TIME);
  std::vector<GstClockTime> wanted;
  GstClockTime at = 0;
  for (int i = 0; i < 200; ++i) {
    at += 600 * GST_MSECOND + GstClockTime(i * 7919 % 1000) * 1234567;
    wanted.push_back(at);
    tts.text("0123456789", at, 500 * GST_MSECOND);
  }
  tts.eos();
  const Heard heard = tts.hear();
  std::size_t cue = 0;
  for (const auto& buffer : heard.buffers) {
    if (!buffer.discont) continue;
    const GstClockTime off =
        buffer.pts > wanted[cue] ? buffer.pts - wanted[cue] : wanted[cue] - buffer.pts;
    fail_unless(off <= GST_MSECOND / 10, "cue %zu is off by %" G_GUINT64_FORMAT " ns", cue, off);
    ++cue;
  }
  fail_unless_equals_int(int(cue), 200);
}
GST_END_TEST;

GST_START_TEST(test_accumulate) {
  static const struct {
    const char* how;
    std::vector<std::string> said;
  } kWays[] = {
      {"auto", {"It is the first sentence, cut", "in two. And this is another one."}},
      {"cue", {"It is the first sentence, cut", "in two. And this is another one."}},
      {"sentence", {"It is the first sentence, cut in two.", "And this is another one."}},
      {"none", {"It is the first sentence, cut", "in two. And this is another one."}},
  };
  const auto& way = kWays[__i__];
  TtsHarness tts({{"accumulate", way.how}});
  tts.start(GST_FORMAT_TIME);
  tts.text("It is the first sentence, cut ", GST_SECOND, GST_SECOND);
  tts.text("in two. And this is another one.", 5 * GST_SECOND, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  std::vector<std::string> said;
  for (const SpokenText& spoken : spoken_texts()) said.push_back(spoken.text);
  fail_unless(said == way.said, "%s: %s", way.how, said.empty() ? "" : said[0].c_str());
  fail_unless_equals_uint64(heard.buffers.front().pts, GST_SECOND);
}
GST_END_TEST;

GST_START_TEST(test_max_chars) {
  TtsHarness tts({{"max-chars", "30"}});
  tts.start();
  tts.text("These are words without any mark between them, and some that come after it");
  tts.eos();
  tts.hear();
  for (const SpokenText& spoken : spoken_texts())
    fail_unless(spoken.text.size() <= 30, "%s", spoken.text.c_str());
  fail_unless(spoken_texts().size() >= 3);
}
GST_END_TEST;

TCase* tts_overflow_cases() {
  TCase* cases = tcase_create("overflow");
  tcase_add_loop_test(cases, test_overflow, 0, int(G_N_ELEMENTS(kPlans)));
  tcase_add_test(cases, test_compress_fits);
  tcase_add_loop_test(cases, test_marked_once, 0, 4);
  tcase_add_test(cases, test_compress_catches_up);
  tcase_add_test(cases, test_compress_fails);
  tcase_add_test(cases, test_many_cues);
  tcase_add_loop_test(cases, test_accumulate, 0, 4);
  tcase_add_test(cases, test_max_chars);
  return cases;
}

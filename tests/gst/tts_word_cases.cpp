// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// When words are said: messages, and metas on the buffers where they begin.
#include <cmath>
#include <string>
#include <vector>

#include "tts_cases.h"
#include "tts_fixture.h"
#include "tts_metas.h"

using namespace chatterbox::gst;

namespace {

struct Word {
  GstClockTime timestamp, duration, running_time;
};

Word word_of(const GstStructure* fields) {
  Word word{};
  fail_unless(gst_structure_get_uint64(fields, "timestamp", &word.timestamp));
  fail_unless(gst_structure_get_uint64(fields, "duration", &word.duration));
  fail_unless(gst_structure_get_uint64(fields, "running-time", &word.running_time));
  return word;
}

std::vector<Word> messages(TtsHarness& tts) {
  std::vector<Word> words;
  GstBus* bus = gst_element_get_bus(tts.element());
  while (GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT)) {
    if (gst_message_has_name(message, "chatterbox/word"))
      words.push_back(word_of(gst_message_get_structure(message)));
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return words;
}

// The metas of all buffers up to EOS; each lies in its buffer.
std::vector<Word> metas(TtsHarness& tts, std::size_t* samples = nullptr) {
  std::vector<Word> words;
  const GstMetaInfo* info = gst_meta_get_info(kWordMeta);
  fail_unless(info != nullptr);
  while (true) {
    const bool last = tts.ended();
    while (GstBuffer* buffer = gst_harness_try_pull(tts.get())) {
      if (samples) *samples += gst_buffer_get_size(buffer) / 2;
      gpointer state = nullptr;
      while (GstMeta* meta = gst_buffer_iterate_meta(buffer, &state)) {
        if (meta->info != info) continue;
        const Word word =
            word_of(gst_custom_meta_get_structure(reinterpret_cast<GstCustomMeta*>(meta)));
        fail_unless(word.timestamp >= GST_BUFFER_PTS(buffer));
        fail_unless(word.timestamp < GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer));
        words.push_back(word);
      }
      gst_buffer_unref(buffer);
    }
    if (last) return words;
    g_usleep(1000);
  }
}

void expect_same(const std::vector<Word>& a, const std::vector<Word>& b) {
  fail_unless_equals_int(int(a.size()), int(b.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    fail_unless_equals_uint64(a[i].timestamp, b[i].timestamp);
    fail_unless_equals_uint64(a[i].duration, b[i].duration);
    fail_unless_equals_uint64(a[i].running_time, b[i].running_time);
  }
}

}  // namespace

// Two bytes a chunk, a word each: every 80 ms, at every rate, from the cue on.
GST_START_TEST(test_words_at_rate) {
  static const int kRates[] = {24000, 48000, 44100, 22050, 11025, 8000};
  const int rate = kRates[__i__];
  TtsHarness tts({{"chunk-size", "2"}});
  const std::string caps = "audio/x-raw,rate=" + std::to_string(rate);
  gst_harness_set_sink_caps_str(tts.get(), caps.c_str());
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = 7 * GST_SECOND;
  tts.start(segment);
  for (const GstClockTime cue : {1, 4}) tts.text("[words] ab", cue * GST_SECOND, GST_SECOND);
  tts.eos();
  const std::vector<Word> attached = metas(tts);
  expect_same(messages(tts), attached);
  fail_unless_equals_int(int(attached.size()), 10);
  const double sample = 1e9 / rate;
  for (std::size_t i = 0; i < attached.size(); ++i) {
    const GstClockTime cue = i < 5 ? GST_SECOND : 4 * GST_SECOND;
    const double wanted = double(cue + (i % 5) * 80 * GST_MSECOND);
    fail_unless(std::abs(double(attached[i].timestamp) - wanted) <= sample, "word %zu at %g", i,
                double(attached[i].timestamp));
    fail_unless_equals_uint64(attached[i].running_time, attached[i].timestamp + 7 * GST_SECOND);
    fail_unless(std::abs(double(attached[i].duration) - 80e6) <= 2 * sample);
  }
}
GST_END_TEST;

// Words behind the cut are not announced.
GST_START_TEST(test_words_clipped) {
  TtsHarness tts({{"chunk-size", "2"}, {"overflow", "clip"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("[words] ab", GST_SECOND, 200 * GST_MSECOND);
  tts.eos();
  const std::vector<Word> attached = metas(tts);
  fail_unless_equals_int(int(attached.size()), 3);
  expect_same(messages(tts), attached);
}
GST_END_TEST;

// Faster speech has its words sooner.
GST_START_TEST(test_words_compressed) {
  TtsHarness tts({{"chunk-size", "2"}, {"overflow", "compress"}, {"max-compression", "2"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("[words] ab", GST_SECOND, 200 * GST_MSECOND);
  tts.eos();
  const std::vector<Word> attached = metas(tts);
  expect_same(messages(tts), attached);
  fail_unless_equals_int(int(attached.size()), 5);
  for (std::size_t i = 0; i < attached.size(); ++i)
    fail_unless_equals_uint64(attached[i].timestamp, GST_SECOND + i * 40 * GST_MSECOND);
}
GST_END_TEST;

// Pauses and parts move the words that come after them.
GST_START_TEST(test_words_after_pause) {
  TtsHarness tts({{"chunk-size", "1000"}});
  tts.start();
  tts.text("[words] [pause:300ms] [words]");
  tts.eos();
  const std::vector<Word> attached = metas(tts);
  fail_unless_equals_int(int(attached.size()), 2);
  fail_unless_equals_uint64(attached[1].timestamp, 7 * 40 * GST_MSECOND + 300 * GST_MSECOND);
}
GST_END_TEST;

// Metas without tags go from the text to the first buffer of its speech.
GST_START_TEST(test_untagged_metas) {
  const gchar* no_tags[] = {nullptr};
  const gchar* some_tags[] = {"memory", nullptr};
  gst_meta_register_custom("TestUntagged", no_tags, nullptr, nullptr, nullptr);
  gst_meta_register_custom("TestTagged", some_tags, nullptr, nullptr, nullptr);
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME);
  GstBuffer* text = gst_buffer_new_memdup("long enough for some", 20);
  for (const char* name : {"TestUntagged", "TestTagged", kSpeechMeta}) {
    GstCustomMeta* meta = gst_buffer_add_custom_meta(text, name);
    gst_structure_set(gst_custom_meta_get_structure(meta), "value", G_TYPE_INT, 42, nullptr);
  }
  GST_BUFFER_PTS(text) = GST_SECOND;
  GST_BUFFER_DURATION(text) = GST_SECOND;
  gst_harness_push(tts.get(), text);
  tts.eos();
  for (int i = 0; i < 3; ++i) {
    GstBuffer* audio = gst_harness_pull(tts.get());
    GstCustomMeta* meta = gst_buffer_get_custom_meta(audio, "TestUntagged");
    fail_unless_equals_int(meta != nullptr, i == 0);
    int value = 0;
    if (meta)
      fail_unless(gst_structure_get_int(gst_custom_meta_get_structure(meta), "value", &value) &&
                  value == 42);
    fail_unless(gst_buffer_get_custom_meta(audio, "TestTagged") == nullptr);
    fail_unless(gst_buffer_get_custom_meta(audio, kSpeechMeta) == nullptr);
    gst_buffer_unref(audio);
  }
}
GST_END_TEST;

TCase* tts_word_cases() {
  TCase* cases = tcase_create("words");
  tcase_add_loop_test(cases, test_words_at_rate, 0, 6);
  tcase_add_test(cases, test_words_clipped);
  tcase_add_test(cases, test_words_compressed);
  tcase_add_test(cases, test_words_after_pause);
  tcase_add_test(cases, test_untagged_metas);
  return cases;
}

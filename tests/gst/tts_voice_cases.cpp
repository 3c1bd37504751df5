// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Who speaks how: properties, speaker map, events, metas, markup.
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>

#include <algorithm>
#include <string>

#include "tts_cases.h"
#include "tts_fixture.h"
#include "tts_metas.h"

using namespace chatterbox::gst;

namespace {

// "text@voice" of everything that was said.
std::string said() {
  std::string all;
  for (const SpokenText& spoken : spoken_texts()) {
    const std::size_t slash = spoken.voice.rfind('/');
    std::string voice = slash == spoken.voice.npos ? spoken.voice : spoken.voice.substr(slash + 1);
    voice = voice.substr(0, voice.find('.'));
    all += (all.empty() ? "" : " ") + spoken.text + "@" + voice;
  }
  return all;
}

void push_voice(TtsHarness& tts, const char* fields, GstEventType type) {
  GstStructure* structure = gst_structure_from_string(fields, nullptr);
  fail_unless(structure != nullptr);
  gst_harness_push_event(tts.get(), gst_event_new_custom(type, structure));
}

GstFlowReturn push_with_meta(TtsHarness& tts, const char* text, const char* field,
                             const char* value, GstClockTime pts = GST_CLOCK_TIME_NONE) {
  GstBuffer* buffer = gst_buffer_new_memdup(text, strlen(text));
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, kSpeechMeta);
  fail_unless(meta != nullptr);
  gst_structure_set(gst_custom_meta_get_structure(meta), field, G_TYPE_STRING, value, nullptr);
  GST_BUFFER_PTS(buffer) = pts;
  return gst_harness_push(tts.get(), buffer);
}

}  // namespace

GST_START_TEST(test_voice_event) {
  TtsHarness tts;
  tts.start();
  tts.text("one ");
  push_voice(tts, "chatterbox/voice,voice=ada,exaggeration=0.9,temperature=0,seed=(gint64)5",
             GST_EVENT_CUSTOM_DOWNSTREAM_STICKY);
  tts.text("two");
  push_voice(tts, "chatterbox/voice", GST_EVENT_CUSTOM_DOWNSTREAM_STICKY);
  tts.text("three");
  tts.eos();
  tts.hear();
  assert_text(said(), "one@ two@ada three@");
  const chatterbox::SynthesisOptions options = spoken_texts()[1].options;
  fail_unless(options.exaggeration == 0.9 && options.temperature == 0.0 && options.seed == 5u);
  fail_if(spoken_texts()[2].options.seed.has_value());
}
GST_END_TEST;

GST_START_TEST(test_top_k) {
  TtsHarness tts({{"top-k", "40"}, {"flow-steps", "6"}});
  tts.start();
  tts.text("one ");
  tts.eos();
  tts.hear();
  fail_unless(spoken_texts()[0].options.top_k == 40);
  fail_unless_equals_int(spoken_texts()[0].options.flow_steps, 6);
  fail_if(spoken_texts()[0].options.min_p.has_value());
}
GST_END_TEST;

GST_START_TEST(test_voice_meta) {
  TtsHarness tts;
  tts.start();
  tts.text("one ");
  push_with_meta(tts, "two ", "voice", "ada");
  tts.text("three");
  tts.eos();
  tts.hear();
  assert_text(said(), "one@ two@ada three@");
}
GST_END_TEST;

// Meta over event over speaker over property; markup over all of them.
GST_START_TEST(test_precedence) {
  TtsHarness tts({{"voice", "prop"}, {"speaker-map", "speakers,bob=mapped"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("a", 0, GST_SECOND);
  tts.text("<v Bob>b</v>", 0, GST_SECOND);
  push_voice(tts, "chatterbox/voice,voice=event", GST_EVENT_CUSTOM_DOWNSTREAM);
  tts.text("<v Bob>c</v>", 0, GST_SECOND);
  push_with_meta(tts, "<v Bob>d</v>", "voice", "ada", 0);
  tts.text("e", 0, GST_SECOND);
  tts.eos();
  tts.hear();
  assert_text(said(), "a@prop b@mapped c@event d@ada e@event");
}
GST_END_TEST;

GST_START_TEST(test_dialogue_in_a_cue) {
  TtsHarness tts({{"speaker-map", "speakers,bob=ada,eve=mapped"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("<v Bob>hello <v Eve>yes?</v>", GST_SECOND, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(said(), "hello@ada yes?@mapped");
  assert_text(heard.text(), "helloyes?");
  assert_perfect(heard);
  fail_unless_equals_uint64(heard.buffers.front().pts, GST_SECOND);
}
GST_END_TEST;

// A cloner upstream has a voice for a speaker, then for everybody.
GST_START_TEST(test_speaker_voice) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME);
  push_voice(tts, "chatterbox/speaker-voice,speaker=Bob,voice=ada",
             GST_EVENT_CUSTOM_DOWNSTREAM_OOB);
  tts.text("<v Bob>a</v>", 0, GST_SECOND);
  tts.text("b", 0, GST_SECOND);
  push_voice(tts, "chatterbox/speaker-voice,voice=mapped", GST_EVENT_CUSTOM_DOWNSTREAM_OOB);
  tts.text("c", 0, GST_SECOND);
  tts.eos();
  tts.hear();
  assert_text(said(), "a@ada b@ c@mapped");
}
GST_END_TEST;

// The voice cloner of gst-plugins-rs says it in its own words.
GST_START_TEST(test_foreign_speaker_voice) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME);
  push_voice(tts, "elevenlabs/speaker-voice,speaker=Bob,voice-id=ada",
             GST_EVENT_CUSTOM_DOWNSTREAM_OOB);
  tts.text("<v Bob>a</v>", 0, GST_SECOND);
  tts.eos();
  tts.hear();
  assert_text(said(), "a@ada");
}
GST_END_TEST;

// The same knobs as SSML's, for all text.
GST_START_TEST(test_rate_and_volume) {
  TtsHarness tts({{"watermark", "false"}, {"rate", "2"}, {"volume", "0.5"}});
  gst_harness_set_sink_caps_str(tts.get(), "audio/x-raw,format=F32LE");
  tts.start();
  tts.text("aaaaaaaaaa");
  tts.eos();
  const Heard heard = tts.hear();
  fail_unless_equals_int(int(heard.samples.size()), 10 * 960 / 2);
  double peak = 0;
  for (const double sample : heard.samples) peak = std::max(peak, sample);
  fail_unless(peak > 0.2 && peak < 0.3, "%g", peak);  // half of 0.5
}
GST_END_TEST;

// What the markup says goes to the engine beside what was chosen.
GST_START_TEST(test_ssml_language) {
  TtsHarness tts({{"language", "de"}});
  tts.start(GST_FORMAT_BYTES, "application/ssml+xml");
  tts.text("<speak>eins <s xml:lang='fr-CA'>deux</s></speak>");
  tts.eos();
  tts.hear();
  const auto spoken = spoken_texts();
  fail_unless_equals_int(int(spoken.size()), 2);
  fail_unless_equals_string(spoken[0].options.language.c_str(), "de");
  fail_unless_equals_string(spoken[0].options.text_language.c_str(), "");
  fail_unless_equals_string(spoken[1].options.language.c_str(), "de");
  fail_unless_equals_string(spoken[1].options.text_language.c_str(), "fr-CA");
}
GST_END_TEST;

GST_START_TEST(test_ssml) {
  TtsHarness tts;
  tts.start(GST_FORMAT_BYTES, "application/ssml+xml");
  tts.text("<speak>ab<break time='200ms'/>");
  tts.text("cd <voice name='ada'>ef</voice> <voice name='nobody'>gh</voice></spe");
  tts.text("ak>");
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(said(), "ab@ cd@ ef@ada gh@");
  fail_unless(heard.seconds() > 8 * 0.04 + 0.2 - 1e-6 && heard.seconds() < 8 * 0.04 + 0.2 + 1e-6,
              "%g s", heard.seconds());
}
GST_END_TEST;

GST_START_TEST(test_broken_ssml) {
  TtsHarness tts;
  tts.start(GST_FORMAT_TIME, "application/ssml+xml");
  tts.text("<speak>so &amp; <b>so</speak>", 0, GST_SECOND);
  tts.eos();
  assert_text(tts.hear().text(), "so & so");
}
GST_END_TEST;

GST_START_TEST(test_prosody) {
  TtsHarness tts({{"watermark", "false"}}, true);
  gst_harness_set_sink_caps_str(tts.get(), "audio/x-raw,format=F32LE");
  tts.start(GST_FORMAT_TIME, "application/ssml+xml");
  tts.text("<speak><prosody rate='200%' volume='-6.0206dB'>aaaaaaaaaa</prosody></speak>", 0,
           GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  fail_unless_equals_int(int(heard.samples.size()), 10 * 960 / 2);
  double peak = 0;
  for (const double sample : heard.samples) peak = std::max(peak, sample);
  fail_unless(peak > 0.2 && peak < 0.3, "%g", peak);  // half of 0.5
}
GST_END_TEST;

GST_START_TEST(test_pause_in_text) {
  TtsHarness tts;
  tts.start();
  tts.text("ab [pause:400ms] cd [pause:0.2]");
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(said(), "ab@ cd@");
  fail_unless_equals_int(int(heard.samples.size()), 24000 * (160 + 600) / 1000);
  GstStructure* start = tts.report("chatterbox/utterance-start");
  assert_text(gst_structure_get_string(start, "text"), "ab cd");
  gst_structure_free(start);
}
GST_END_TEST;

GST_START_TEST(test_controlled_properties) {
  TtsHarness tts;
  GstControlSource* source = gst_interpolation_control_source_new();
  g_object_set(source, "mode", GST_INTERPOLATION_MODE_LINEAR, nullptr);
  auto* timed = GST_TIMED_VALUE_CONTROL_SOURCE(source);
  gst_timed_value_control_source_set(timed, 0, 0.25);
  gst_timed_value_control_source_set(timed, 10 * GST_SECOND, 1.25);
  fail_unless(gst_object_add_control_binding(
      GST_OBJECT(tts.element()),
      gst_direct_control_binding_new_absolute(GST_OBJECT(tts.element()), "exaggeration", source)));
  gst_object_unref(source);
  tts.start(GST_FORMAT_TIME);
  for (const GstClockTime second : {0, 5, 10}) tts.text("a", second * GST_SECOND, GST_SECOND);
  tts.eos();
  tts.hear();
  const auto spoken = spoken_texts();
  fail_unless_equals_int(int(spoken.size()), 3);
  for (std::size_t i = 0; i < 3; ++i)
    fail_unless_equals_float(*spoken[i].options.exaggeration, 0.25 + 0.5 * double(i));
}
GST_END_TEST;

GST_START_TEST(test_preset) {
  GstElement* element = gst_element_factory_make("chatterboxtts", nullptr);
  fail_unless(GST_IS_PRESET(element));
  gchar** names = gst_preset_get_preset_names(GST_PRESET(element));
  fail_unless_equals_int(int(g_strv_length(names)), 5);
  for (gchar** name = names; *name; ++name)
    fail_unless(gst_preset_load_preset(GST_PRESET(element), *name), "%s", *name);
  g_strfreev(names);
  fail_unless(gst_preset_load_preset(GST_PRESET(element), "Conversation"));
  gboolean live = FALSE;
  guint wait = 0;
  g_object_get(element, "force-live", &live, "max-wait", &wait, nullptr);
  fail_unless(live);
  fail_unless_equals_int(int(wait), 200);
  gst_object_unref(element);
}
GST_END_TEST;

// Events may be sent to the element as well as through its pad.
GST_START_TEST(test_event_to_element) {
  TtsHarness tts;
  tts.start();
  GstStructure* voice =
      gst_structure_new("chatterbox/voice", "voice", G_TYPE_STRING, "ada", nullptr);
  fail_unless(gst_element_send_event(tts.element(),
                                     gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, voice)));
  fail_if(gst_element_send_event(
      tts.element(), gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                          gst_structure_new_empty("chatterbox/nonsense"))));
  tts.text("one");
  fail_unless(gst_element_send_event(
      tts.element(), gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                          gst_structure_new_empty("chatterbox/drain"))));
  Heard heard;
  while (heard.seconds() < 3 * 0.04 - 1e-9) tts.hear_one(heard);
  assert_text(said(), "one@ada");
}
GST_END_TEST;

TCase* tts_voice_cases() {
  TCase* cases = tcase_create("voice");
  tcase_add_test(cases, test_voice_event);
  tcase_add_test(cases, test_top_k);
  tcase_add_test(cases, test_voice_meta);
  tcase_add_test(cases, test_precedence);
  tcase_add_test(cases, test_dialogue_in_a_cue);
  tcase_add_test(cases, test_speaker_voice);
  tcase_add_test(cases, test_foreign_speaker_voice);
  tcase_add_test(cases, test_rate_and_volume);
  tcase_add_test(cases, test_ssml);
  tcase_add_test(cases, test_ssml_language);
  tcase_add_test(cases, test_broken_ssml);
  tcase_add_test(cases, test_prosody);
  tcase_add_test(cases, test_pause_in_text);
  tcase_add_test(cases, test_controlled_properties);
  tcase_add_test(cases, test_preset);
  tcase_add_test(cases, test_event_to_element);
  return cases;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Factory, properties, caps, states.
#include <string>
#include <thread>

#include "background.h"
#include "tts_cases.h"
#include "tts_fixture.h"

using namespace chatterbox::gst;

GST_START_TEST(test_factory) {
  GstElementFactory* factory = gst_element_factory_find("chatterboxtts");
  fail_unless(factory != nullptr);
  fail_unless_equals_string(gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS),
                            "Converter/Text/Audio");
  fail_unless_equals_int(gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory)), GST_RANK_NONE);
  gst_object_unref(factory);
}
GST_END_TEST;

// Writes another value than the default and reads it back.
static void check_property(GObject* object, GParamSpec* spec) {
  GValue written = G_VALUE_INIT, read = G_VALUE_INIT;
  g_value_init(&written, spec->value_type);
  g_value_init(&read, spec->value_type);
  g_object_get_property(object, spec->name, &read);
  fail_unless(g_str_has_suffix(g_param_spec_get_blurb(spec), "."), "%s: not a sentence",
              spec->name);
  if (!(spec->flags & G_PARAM_WRITABLE)) return g_value_unset(&read);
  fail_unless(g_param_value_defaults(spec, &read), "%s does not have its default", spec->name);
  if (G_IS_PARAM_SPEC_STRING(spec))
    g_value_set_static_string(&written, "something");
  else if (G_IS_PARAM_SPEC_UINT(spec))
    g_value_set_uint(&written, G_PARAM_SPEC_UINT(spec)->maximum);
  else if (G_IS_PARAM_SPEC_INT(spec))
    g_value_set_int(&written, G_PARAM_SPEC_INT(spec)->maximum);
  else if (G_IS_PARAM_SPEC_INT64(spec))
    g_value_set_int64(&written, G_PARAM_SPEC_INT64(spec)->maximum);
  else if (G_IS_PARAM_SPEC_DOUBLE(spec))
    g_value_set_double(&written, G_PARAM_SPEC_DOUBLE(spec)->maximum);
  else if (G_IS_PARAM_SPEC_BOOLEAN(spec))
    g_value_set_boolean(&written, !G_PARAM_SPEC_BOOLEAN(spec)->default_value);
  else if (G_IS_PARAM_SPEC_ENUM(spec))
    g_value_set_enum(&written, G_PARAM_SPEC_ENUM(spec)->enum_class->maximum);
  else if (spec->value_type == GST_TYPE_STRUCTURE)
    g_value_take_boxed(&written, gst_structure_from_string("speakers,bob=ada", nullptr));
  else
    ck_abort_msg("%s has a type this test does not know", spec->name);
  g_object_set_property(object, spec->name, &written);
  g_object_get_property(object, spec->name, &read);
  const bool same = spec->value_type == GST_TYPE_STRUCTURE
                        ? gst_value_compare(&written, &read) == GST_VALUE_EQUAL
                        : g_param_values_cmp(spec, &written, &read) == 0;
  fail_unless(same, "%s is not what was set", spec->name);
  g_value_unset(&written);
  g_value_unset(&read);

  fail_unless(spec->flags & (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PLAYING));
}

GST_START_TEST(test_properties) {
  GstElement* element = gst_element_factory_make("chatterboxtts", nullptr);
  guint count = 0;
  int own = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  for (guint i = 0; i < count; ++i) {
    if (specs[i]->owner_type != G_OBJECT_TYPE(element)) continue;
    check_property(G_OBJECT(element), specs[i]);
    ++own;
  }
  g_free(specs);
  gst_object_unref(element);
  fail_unless(own >= 20, "only %d properties", own);
}
GST_END_TEST;

GST_START_TEST(test_states) {
  reset_scenario();
  GstElement* element = gst_element_factory_make("chatterboxtts", nullptr);
  for (int i = 0; i < 3; ++i) {
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_NULL),
                           GST_STATE_CHANGE_SUCCESS);
  }
  fail_unless_equals_int(scenario().loads, 0);
  gst_object_unref(element);
}
GST_END_TEST;

GST_START_TEST(test_leave_while_loading) {
  TtsHarness tts;
  scenario().load = std::chrono::seconds(20);
  gst_element_set_state(tts.element(), GST_STATE_READY);
  gst_element_set_state(tts.element(), GST_STATE_PAUSED);
  GstMessage* start = nullptr;
  while (true) {
    start = tts.message(GST_MESSAGE_PROGRESS);
    fail_unless(start != nullptr);
    GstProgressType type;
    gst_message_parse_progress(start, &type, nullptr, nullptr);
    gst_message_unref(start);
    if (type == GST_PROGRESS_TYPE_CONTINUE || scenario().loads > 0) break;
  }
  const double took =
      milliseconds_of([&] { gst_element_set_state(tts.element(), GST_STATE_NULL); });
  fail_unless(took < 100, "%g ms", took);
}
GST_END_TEST;

// What nobody waits for any more does not go on: states may change many times a second.
GST_START_TEST(test_leave_while_warming_up) {
  TtsHarness tts;
  scenario().warm_up = std::chrono::seconds(100);
  gst_element_set_state(tts.element(), GST_STATE_PAUSED);
  while (scenario().warm_ups == 0) g_usleep(1000);
  gst_element_set_state(tts.element(), GST_STATE_NULL);
  const double took = milliseconds_of([] { wait_for_background(); });
  fail_unless(took < 5000, "%g ms", took);
}
GST_END_TEST;

GST_START_TEST(test_leave_while_speaking) {
  TtsHarness tts({{"chunk-size", "1"}});
  scenario().per_byte = std::chrono::milliseconds(20);
  tts.start();
  fail_unless_equals_int(tts.text(std::string(400, 'a') + ". "), GST_FLOW_OK);
  tts.text("The end is near. ");
  gst_buffer_unref(gst_harness_pull(tts.get()));
  const double took =
      milliseconds_of([&] { gst_element_set_state(tts.element(), GST_STATE_NULL); });
  fail_unless(took < 100, "%g ms", took);
}
GST_END_TEST;

GST_START_TEST(test_reuse_after_eos) {
  TtsHarness tts;
  for (int i = 0; i < 3; ++i) {
    tts.start();
    tts.text("Hello.");
    tts.eos();
    assert_text(tts.hear().text(), "Hello.");
    gst_element_set_state(tts.element(), GST_STATE_READY);
    gst_element_set_state(tts.element(), GST_STATE_PLAYING);
  }
  fail_unless_equals_int(scenario().loads, 1);
}
GST_END_TEST;

GST_START_TEST(test_model_is_shared) {
  TtsHarness first({{"model-path", "/shared"}});
  TtsHarness second({{"model-path", "/shared"}}), third({{"model-path", "/other"}});
  TtsHarness fourth({{"model-path", "/shared"}, {"model-family", "nano"}});
  TtsHarness fifth({{"model-path", "/shared"}, {"attention", "chunk"}});
  TtsHarness sixth({{"model-path", "/shared"}, {"attention", "auto"}});
  TtsHarness seventh({{"model-path", "/shared"}, {"quality", "fast"}});
  for (TtsHarness* tts : {&first, &second, &third, &fourth, &fifth, &sixth, &seventh}) {
    tts->start();
    tts->text("Hello.");
    tts->eos();
    assert_text(tts->hear().text(), "Hello.");
  }
  fail_unless_equals_int(scenario().models_alive, 5);
}
GST_END_TEST;

struct CapsCase {
  const char* downstream;
  int rate;
  const char* format;
};
static const CapsCase kCapsCases[] = {
    {"ANY", 24000, "S16LE"},
    {"audio/x-raw", 24000, "S16LE"},
    {"audio/x-raw,format=F32LE", 24000, "F32LE"},
    {"audio/x-raw,rate=[1,100000]", 24000, "S16LE"},
    {"audio/x-raw,rate=[30000,100000]", 32000, "S16LE"},
    {"audio/x-raw,rate=48000", 48000, "S16LE"},
    {"audio/x-raw,rate=44100,format=F32LE", 44100, "F32LE"},
    {"audio/x-raw,rate=32000", 32000, "S16LE"},
    {"audio/x-raw,rate=22050", 22050, "S16LE"},
    {"audio/x-raw,rate=16000,format=F32LE", 16000, "F32LE"},
    {"audio/x-raw,rate=12000", 12000, "S16LE"},
    {"audio/x-raw,rate=11025", 11025, "S16LE"},
    {"audio/x-raw,rate=8000", 8000, "S16LE"},
};

GST_START_TEST(test_caps) {
  const CapsCase& c = kCapsCases[__i__];
  TtsHarness tts;
  gst_harness_set_sink_caps_str(tts.get(), c.downstream);
  tts.start();
  const std::string text = "Sphinx of black quartz, judge my vow.";
  tts.text(text);
  tts.eos();
  const Heard heard = tts.hear();
  fail_unless_equals_int(heard.rate, c.rate);
  assert_text(heard.format, c.format);
  assert_text(heard.text(), text);
  fail_unless_equals_int(int(heard.samples.size()), int(text.size()) * c.rate / 25);
  assert_perfect(heard);
  fail_unless_equals_uint64(heard.buffers.front().pts, 0);
  fail_unless_equals_uint64(heard.buffers.back().pts + heard.buffers.back().duration,
                            text.size() * 40 * GST_MSECOND);
  for (std::size_t i = 0; i < heard.buffers.size(); ++i) {
    fail_unless(heard.buffers[i].duration <= 100 * GST_MSECOND + 1);
    fail_unless(heard.buffers[i].duration >= 20 * GST_MSECOND || i + 1 == heard.buffers.size());
    fail_unless_equals_int(heard.buffers[i].discont, i == 0);
  }
}
GST_END_TEST;

GST_START_TEST(test_impossible_caps) {
  TtsHarness tts;
  gst_harness_set_sink_caps_str(tts.get(), "audio/x-raw,rate=96000");
  tts.start();
  tts.text("Hello.");
  tts.expect_error(GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED);
}
GST_END_TEST;

GST_START_TEST(test_renegotiation) {
  TtsHarness tts;
  tts.start();
  tts.text("This is the first sentence. ");
  Heard before;
  tts.text("X");
  while (before.seconds() < 27 * 0.04 - 1e-9) tts.hear_one(before);
  gst_harness_set_sink_caps_str(tts.get(), "audio/x-raw,rate=48000");
  gst_pad_push_event(tts.get()->sinkpad, gst_event_new_reconfigure());
  tts.text(" marks the second one. ");
  tts.eos();
  const Heard after = tts.hear();
  fail_unless_equals_int(before.rate, 24000);
  fail_unless_equals_int(after.rate, 48000);
  assert_text(after.text(), "X marks the second one.");
  fail_unless_equals_uint64(after.buffers.front().pts, 27 * 40 * GST_MSECOND);
}
GST_END_TEST;

GST_START_TEST(test_text_property) {
  TtsHarness tts({{"text", "Hello there, you. It is me again."}}, false);
  const Heard heard = tts.hear();
  assert_text(heard.text(), "Hello there, you. It is me again.");
  fail_unless(GST_OBJECT_FLAG_IS_SET(tts.element(), GST_ELEMENT_FLAG_SOURCE));
}
GST_END_TEST;

GST_START_TEST(test_text_property_ends) {
  TtsHarness tts({{"text", "A very long text that nobody wants to hear to its end."}}, false);
  scenario().per_byte = std::chrono::milliseconds(50);
  fail_unless(gst_element_send_event(tts.element(), gst_event_new_eos()));
  const Heard heard = tts.hear();
  fail_unless(heard.seconds() < 2.2);
}
GST_END_TEST;

// The voices that a test finds, by their names.
GST_START_TEST(test_voices) {
  GstElement* element = gst_element_factory_make("chatterboxtts", nullptr);
  gchar** voices = nullptr;
  g_object_get(element, "voices", &voices, nullptr);
  fail_unless(g_strv_contains(voices, "ada") && g_strv_contains(voices, "Bert"));
  g_strfreev(voices);
  gst_object_unref(element);
}
GST_END_TEST;

std::vector<std::string> strings_of(GstElement* element, const char* property) {
  gchar** strings = nullptr;
  g_object_get(element, property, &strings, nullptr);
  std::vector<std::string> copies(strings, strings + g_strv_length(strings));
  g_strfreev(strings);
  return copies;
}

// A model says what it speaks before it is loaded, and none says nothing.
GST_START_TEST(test_languages_and_tags) {
  GstElement* element = gst_element_factory_make("chatterboxtts", nullptr);
  g_object_set(element, "model-path", "any", nullptr);
  fail_unless(strings_of(element, "languages") == std::vector<std::string>({"en", "fr"}));
  fail_unless(strings_of(element, "tags") == std::vector<std::string>({"[laugh]"}));
  g_object_set(element, "model-path", "missing", nullptr);
  fail_unless(strings_of(element, "languages").empty() && strings_of(element, "tags").empty());
  gst_object_unref(element);
}
GST_END_TEST;

// What takes effect in READY only is refused later, with a warning, and does not change.
GST_START_TEST(test_late_settings) {
  TtsHarness tts({{"device", "cpu"}});
  g_object_set(tts.element(), "device", "cuda", nullptr);
  tts.expect_warning(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  gchar* device = nullptr;
  g_object_get(tts.element(), "device", &device, nullptr);
  fail_unless_equals_string(device, "cpu");
  g_free(device);
}
GST_END_TEST;

// An application needs no appsrc: it says what is to be said, and ends the stream.
GST_START_TEST(test_say) {
  TtsHarness tts({{"force-live", "true"}}, false);
  gboolean done = FALSE;
  g_signal_emit_by_name(tts.element(), "say", "Hello. ", &done);
  fail_unless(done);
  Heard heard;
  while (heard.seconds() < 6 * 0.04 - 1e-9) tts.hear_one(heard);
  g_object_set(tts.element(), "text", "Again", nullptr);
  while (heard.seconds() < 11 * 0.04 - 1e-9) tts.hear_one(heard);
  assert_text(heard.text(), "Hello.Again");
  fail_unless(gst_element_send_event(tts.element(), gst_event_new_eos()));
  tts.hear();
  g_signal_emit_by_name(tts.element(), "say", "Too late.", &done);
  fail_if(done);
}
GST_END_TEST;

// With upstream too: after the text that has come.
GST_START_TEST(test_say_between) {
  TtsHarness tts;
  tts.start();
  tts.text("First of all. Then");
  gboolean done = FALSE;
  g_signal_emit_by_name(tts.element(), "say", "this", &done);
  fail_unless(done);
  tts.text("and the rest");
  tts.eos();
  assert_text(tts.hear().text(), "First of all. Thenthisand the rest");
}
GST_END_TEST;

TCase* tts_basic_cases() {
  TCase* cases = tcase_create("basic");
  tcase_add_test(cases, test_factory);
  tcase_add_test(cases, test_properties);
  tcase_add_test(cases, test_states);
  tcase_add_test(cases, test_leave_while_loading);
  tcase_add_test(cases, test_leave_while_warming_up);
  tcase_add_test(cases, test_leave_while_speaking);
  tcase_add_test(cases, test_reuse_after_eos);
  tcase_add_test(cases, test_model_is_shared);
  tcase_add_loop_test(cases, test_caps, 0, int(G_N_ELEMENTS(kCapsCases)));
  tcase_add_test(cases, test_impossible_caps);
  tcase_add_test(cases, test_renegotiation);
  tcase_add_test(cases, test_text_property);
  tcase_add_test(cases, test_voices);
  tcase_add_test(cases, test_languages_and_tags);
  tcase_add_test(cases, test_late_settings);
  tcase_add_test(cases, test_say);
  tcase_add_test(cases, test_say_between);
  tcase_add_test(cases, test_text_property_ends);
  return cases;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Factory, properties, caps, states, errors.
#include <cmath>
#include <cstring>
#include <string>

#include "background.h"
#include "vc_cases.h"
#include "vc_fixture.h"
#include "vc_settings.h"

using namespace chatterbox::gst;

GST_START_TEST(test_factory) {
  GstElementFactory* factory = gst_element_factory_find("chatterboxvc");
  fail_unless(factory != nullptr);
  fail_unless_equals_string(gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS),
                            "Filter/Effect/Converter/Audio");
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
  if (!G_IS_PARAM_SPEC_BOXED(spec))
    fail_unless(g_param_value_defaults(spec, &read), "%s does not have its default", spec->name);
  fail_unless(g_str_has_suffix(g_param_spec_get_blurb(spec), "."), "%s: no sentence", spec->name);
  if (spec->flags & G_PARAM_WRITABLE) {
    if (G_IS_PARAM_SPEC_STRING(spec))
      g_value_set_static_string(&written, "something");
    else if (G_IS_PARAM_SPEC_UINT(spec))
      g_value_set_uint(&written, G_PARAM_SPEC_UINT(spec)->maximum);
    else if (G_IS_PARAM_SPEC_INT64(spec))
      g_value_set_int64(&written, G_PARAM_SPEC_INT64(spec)->maximum);
    else if (G_IS_PARAM_SPEC_DOUBLE(spec))
      g_value_set_double(&written, G_PARAM_SPEC_DOUBLE(spec)->maximum);
    else if (G_IS_PARAM_SPEC_BOOLEAN(spec))
      g_value_set_boolean(&written, !G_PARAM_SPEC_BOOLEAN(spec)->default_value);
    else if (G_IS_PARAM_SPEC_ENUM(spec))
      g_value_set_enum(&written, G_PARAM_SPEC_ENUM(spec)->enum_class->maximum);
    else
      ck_abort_msg("%s has a type this test does not know", spec->name);
    g_object_set_property(object, spec->name, &written);
    g_object_get_property(object, spec->name, &read);
    fail_unless_equals_int(g_param_values_cmp(spec, &written, &read), 0);
    fail_unless(spec->flags & (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PLAYING));
  }
  g_value_unset(&written);
  g_value_unset(&read);
}

// All of them, and the page of the element knows each.
GST_START_TEST(test_properties) {
  gchar* page = nullptr;
  fail_unless(g_file_get_contents(DOCS_DIR "/elements/chatterboxvc.md", &page, nullptr, nullptr));
  guint count = 0;
  int own = 0;
  GstElement* element = gst_element_factory_make("chatterboxvc", nullptr);
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  for (guint i = 0; i < count; ++i) {
    if (specs[i]->owner_type != G_OBJECT_TYPE(element)) continue;
    GstElement* fresh = gst_element_factory_make("chatterboxvc", nullptr);
    check_property(G_OBJECT(fresh), specs[i]);
    gst_object_unref(fresh);
    const std::string name = std::string("`") + specs[i]->name + "`";
    fail_unless(std::strstr(page, name.c_str()) != nullptr, "%s is not documented", name.c_str());
    ++own;
  }
  g_free(page);
  g_free(specs);
  gst_object_unref(element);
  fail_unless(own >= 14, "only %d properties", own);
}
GST_END_TEST;

namespace {
struct Format {
  const char* format;
  int rate, channels;
};
constexpr Format kFormats[] = {{"F32LE", 16000, 1}, {"S16LE", 48000, 2},   {"S16BE", 44100, 1},
                               {"U8", 8000, 1},     {"F64LE", 96000, 2},   {"S24LE", 22050, 1},
                               {"S32LE", 11025, 2}, {"S16LE", 48000, 6},   {"F32LE", 24000, 1},
                               {"S8", 12000, 1},    {"S24_32LE", 32000, 8}};
}  // namespace

// A second of each format is a second of each rate, to a sample.
GST_START_TEST(test_formats) {
  const Format& format = kFormats[__i__];
  for (const int out_rate : {24000, 48000, 44100, 8000}) {
    VcHarness vc({}, false, out_rate);
    vc.start(format.rate, format.channels, format.format);
    GstAudioInfo info;
    GstCaps* caps = gst_pad_get_current_caps(vc.get()->srcpad);
    fail_unless(gst_audio_info_from_caps(&info, caps));
    gst_caps_unref(caps);
    const std::size_t frames = std::size_t(format.rate) + 1;
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, frames * gsize(info.bpf), nullptr);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    gst_audio_format_info_fill_silence(info.finfo, map.data, map.size);
    gst_buffer_unmap(buffer, &map);
    GST_BUFFER_PTS(buffer) = 0;
    fail_unless_equals_int(gst_harness_push(vc.get(), buffer), GST_FLOW_OK);
    vc.eos();
    const Converted converted = vc.hear();
    const double exact = double(frames) * out_rate / format.rate;
    fail_unless(std::abs(double(converted.samples.size()) - exact) <= 1.5,
                "%s %d Hz to %d Hz: %zu samples", format.format, format.rate, out_rate,
                converted.samples.size());
    fail_unless_equals_int(converted.rate, out_rate);
    for (const float sample : converted.samples) fail_unless(std::abs(sample) < 1e-3F);
    assert_perfect(converted);
  }
}
GST_END_TEST;

// Channels are mixed, whatever their number.
GST_START_TEST(test_downmix) {
  for (const int channels : {1, 2, 6, 63, 64, 255}) {
    VcHarness vc;
    vc.start(16000, channels);
    std::vector<float> wide;
    for (const float sample : tone(16000, 16000))
      wide.insert(wide.end(), std::size_t(channels), sample);
    vc.push(wide, 0);
    vc.eos();
    const Converted converted = vc.hear();
    double power = 0;
    for (const float sample : converted.samples) power += double(sample) * sample;
    const double rms = std::sqrt(power / double(converted.samples.size()));
    fail_unless(std::abs(rms - 0.5 / std::sqrt(2)) < 0.02, "%d channels: %g", channels, rms);
  }
}
GST_END_TEST;

GST_START_TEST(test_native_caps) {
  GstHarness* harness = gst_harness_new("chatterboxvc");
  gst_harness_set_live(harness, FALSE);
  gst_harness_set_src_caps_str(harness,
                               "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved");
  gst_harness_push(harness, gst_harness_create_buffer(harness, 960));
  gst_harness_push_event(harness, gst_event_new_eos());
  GstBuffer* buffer = gst_harness_pull(harness);
  fail_unless(buffer != nullptr);
  gst_buffer_unref(buffer);
  GstCaps* caps = gst_pad_get_current_caps(harness->sinkpad);
  int rate = 0;
  gst_structure_get_int(gst_caps_get_structure(caps, 0), "rate", &rate);
  fail_unless_equals_int(rate, 24000);
  fail_unless_equals_string(gst_structure_get_string(gst_caps_get_structure(caps, 0), "format"),
                            "S16LE");
  gst_caps_unref(caps);
  gst_harness_teardown(harness);
}
GST_END_TEST;

GST_START_TEST(test_no_caps_downstream_shares) {
  VcHarness vc;
  gst_harness_set_sink_caps_str(vc.get(), "audio/x-raw,rate=1234");
  vc.start();
  vc.push(tone(16000, 16000), 0);
  vc.expect(GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED);
}
GST_END_TEST;

GST_START_TEST(test_states) {
  GstElement* element = gst_element_factory_make("chatterboxvc", nullptr);
  for (int i = 0; i < 3; ++i) {
    for (const GstState state : {GST_STATE_READY, GST_STATE_NULL})
      fail_unless_equals_int(gst_element_set_state(element, state), GST_STATE_CHANGE_SUCCESS);
  }
  gst_object_unref(element);
}
GST_END_TEST;

// Leaving while the model is being read does not wait for it.
GST_START_TEST(test_leave_while_loading) {
  reset_scenario();
  scenario().load = std::chrono::seconds(5);
  GstElement* element = gst_element_factory_make("chatterboxvc", nullptr);
  gst_element_set_state(element, GST_STATE_PAUSED);
  const gint64 begin = g_get_monotonic_time();
  gst_element_set_state(element, GST_STATE_NULL);
  fail_unless(g_get_monotonic_time() - begin < 500000);
  gst_object_unref(element);
}
GST_END_TEST;

// Warming up ends with it: states may change many times a second.
GST_START_TEST(test_leave_while_warming_up) {
  reset_scenario();
  scenario().warm_up = std::chrono::seconds(100);
  GstElement* element = gst_element_factory_make("chatterboxvc", nullptr);
  gst_element_set_state(element, GST_STATE_PAUSED);
  while (scenario().warm_ups == 0) g_usleep(1000);
  gst_element_set_state(element, GST_STATE_NULL);
  const gint64 begin = g_get_monotonic_time();
  wait_for_background();
  fail_unless(g_get_monotonic_time() - begin < 5000000);
  gst_object_unref(element);
}
GST_END_TEST;

// The second stream of one element is as long as the first.
GST_START_TEST(test_reuse) {
  VcHarness vc;
  for (int i = 0; i < 3; ++i) {
    vc.start();
    vc.push(tone(10000, 16000), 0);
    vc.eos();
    fail_unless_equals_int(int(vc.hear().samples.size()), 15000);
    gst_element_set_state(vc.element(), GST_STATE_READY);
    gst_element_set_state(vc.element(), GST_STATE_PLAYING);
  }
}
GST_END_TEST;

GST_START_TEST(test_missing_model) {
  VcHarness vc({{"model-path", "/missing"}});
  vc.expect(GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  // Nobody waits for what does not come.
  vc.start();
  for (int i = 0; i < 100 && vc.push(tone(16000, 16000), GST_CLOCK_TIME_NONE) == GST_FLOW_OK; ++i) {
  }
  fail_unless_equals_int(vc.push(tone(160, 16000), GST_CLOCK_TIME_NONE), GST_FLOW_ERROR);
}
GST_END_TEST;

GST_START_TEST(test_corrupt_model) {
  VcHarness vc({{"model-path", "/corrupt"}});
  vc.expect(GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ);
}
GST_END_TEST;

// Known before anything is loaded: the state change fails.
GST_START_TEST(test_unknown_voice) {
  GstElement* element = gst_element_factory_make("chatterboxvc", nullptr);
  g_object_set(element, "voice", "nobody", nullptr);
  fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED),
                         GST_STATE_CHANGE_FAILURE);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
}
GST_END_TEST;

GST_START_TEST(test_corrupt_voice) {
  VcHarness vc({{"voice", "corrupt"}});
  vc.expect(GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ);
}
GST_END_TEST;

GST_START_TEST(test_failures) {
  VcHarness vc;
  (__i__ == 0 ? converter_scenario().fail_at : converter_scenario().throw_at) = 1;
  vc.start();
  vc.push(tone(32000, 16000), 0);
  vc.expect(GST_MESSAGE_ERROR, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED);
  vc.hear();  // ends
  // A flush makes it usable again.
  converter_scenario().fail_at = converter_scenario().throw_at = -1;
  vc.flush();
  gst_harness_push_event(vc.get(), gst_event_new_stream_start("again"));
  vc.start();
  vc.push(tone(16000, 16000), 0);
  vc.eos();
  fail_unless_equals_int(int(vc.hear().samples.size()), 24000);
}
GST_END_TEST;

GST_START_TEST(test_backwards) {
  VcHarness vc;
  vc.start();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  gst_harness_push_event(vc.get(), gst_event_new_segment(&segment));
  vc.expect(GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
}
GST_END_TEST;

GST_START_TEST(test_presets) {
  GstElement* element = gst_element_factory_make("chatterboxvc", nullptr);
  gchar** names = gst_preset_get_preset_names(GST_PRESET(element));
  fail_unless_equals_int(int(g_strv_length(names)), 3);
  for (gchar** name = names; *name; ++name)
    fail_unless(gst_preset_load_preset(GST_PRESET(element), *name), "%s", *name);
  g_strfreev(names);
  guint lookahead = 0;
  fail_unless(gst_preset_load_preset(GST_PRESET(element), "Call"));
  g_object_get(element, "lookahead", &lookahead, nullptr);
  fail_unless_equals_int(int(lookahead), 120);
  gst_object_unref(element);
}
GST_END_TEST;

// What takes effect in READY only is refused later: the latency that is told stays true.
GST_START_TEST(test_late_settings) {
  VcHarness vc({{"lookahead", "200"}});
  guint64 before = 0, after = 0;
  g_object_get(vc.element(), "latency", &before, nullptr);
  g_object_set(vc.element(), "lookahead", 400, "watermark", FALSE, nullptr);
  vc.expect(GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  g_object_get(vc.element(), "latency", &after, nullptr);
  fail_unless_equals_uint64(before, after);
}
GST_END_TEST;

// An unknown voice is worth a warning, and the property stays as it was.
GST_START_TEST(test_unknown_voice_while_playing) {
  VcHarness vc({{"voice", "ada"}});
  g_object_set(vc.element(), "voice", "nobody", nullptr);
  vc.expect(GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  gchar* voice = nullptr;
  g_object_get(vc.element(), "voice", &voice, nullptr);
  fail_unless_equals_string(voice, "ada");
  g_free(voice);
}
GST_END_TEST;

// Digital silence says that it is silence, and speech does not.
GST_START_TEST(test_silence_is_gap) {
  VcHarness vc;
  vc.start();
  vc.push(std::vector<float>(16000, 0.0F), 0);
  vc.push(tone(16000, 16000), GST_SECOND);
  vc.eos();
  for (int i = 0; i < 5000 && !vc.ended(); ++i) g_usleep(1000);
  int gaps = 0, sounds = 0;
  while (GstBuffer* buffer = gst_harness_try_pull(vc.get())) {
    const bool gap = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP);
    fail_if(gap && GST_BUFFER_PTS(buffer) > GST_SECOND);
    ++(gap ? gaps : sounds);
    gst_buffer_unref(buffer);
  }
  fail_unless(gaps > 5 && sounds > 5, "%d gaps, %d others", gaps, sounds);
}
GST_END_TEST;

TCase* vc_basic_cases() {
  TCase* cases = tcase_create("basic");
  tcase_add_test(cases, test_factory);
  tcase_add_test(cases, test_properties);
  tcase_add_loop_test(cases, test_formats, 0, int(G_N_ELEMENTS(kFormats)));
  tcase_add_test(cases, test_downmix);
  tcase_add_test(cases, test_native_caps);
  tcase_add_test(cases, test_no_caps_downstream_shares);
  tcase_add_test(cases, test_states);
  tcase_add_test(cases, test_leave_while_loading);
  tcase_add_test(cases, test_leave_while_warming_up);
  tcase_add_test(cases, test_reuse);
  tcase_add_test(cases, test_missing_model);
  tcase_add_test(cases, test_corrupt_model);
  tcase_add_test(cases, test_unknown_voice);
  tcase_add_test(cases, test_corrupt_voice);
  tcase_add_loop_test(cases, test_failures, 0, 2);
  tcase_add_test(cases, test_backwards);
  tcase_add_test(cases, test_presets);
  tcase_add_test(cases, test_late_settings);
  tcase_add_test(cases, test_unknown_voice_while_playing);
  tcase_add_test(cases, test_silence_is_gap);
  return cases;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Factory, properties, states, and audio that passes unchanged.
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "chatterbox/audio_file.h"
#include "clone_cases.h"
#include "clone_fixture.h"

using namespace chatterbox;
using namespace chatterbox::gst;

GST_START_TEST(test_factory) {
  GstElementFactory* factory = gst_element_factory_find("chatterboxclone");
  fail_unless(factory != nullptr);
  fail_unless_equals_string(gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS),
                            "Filter/Analyzer/Audio");
  fail_unless_equals_int(int(gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory))),
                         GST_RANK_NONE);
  gst_object_unref(factory);
}
GST_END_TEST;

// Every property gives back what it was given, and has a MUTABLE flag.
GST_START_TEST(test_properties) {
  CloneHarness clone({});
  struct Case {
    const char *name, *initial, *other;
  };
  const Case cases[] = {
      {"voice-name", "\"\"", "Me"},        {"description", "\"\"", "my\\ voice"},
      {"location", "\"\"", "/tmp/a"},      {"speaker", "\"\"", "Ada"},
      {"overwrite", "false", "true"},      {"save-on-eos", "true", "false"},
      {"duration", "15000", "20000"},      {"min-duration", "3000", "5000"},
      {"silence-threshold", "-50", "-40"}, {"model-path", "\"\"", "/scripted2"},
      {"model-family", "\"\"", "nano"},    {"device", "auto", "cpu"},
      {"dtype", "auto", "float32"},        {"threads", "0", "2"},
      {"quality", "\"\"", "fast"},         {"attention", "\"\"", "chunk"},
      {"voice-cache-mb", "1536", "64"},
  };
  const auto get = [&](const char* name) {
    GValue value = G_VALUE_INIT;
    g_object_get_property(G_OBJECT(clone.element()), name, &value);
    gchar* text = gst_value_serialize(&value);
    const std::string result = text;
    g_free(text);
    g_value_unset(&value);
    return result;
  };
  gst_element_set_state(clone.element(), GST_STATE_READY);
  for (const Case& row : cases) {
    GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(clone.element()), row.name);
    fail_unless(spec != nullptr, "%s", row.name);
    fail_unless(spec->flags & (GST_PARAM_MUTABLE_PLAYING | GST_PARAM_MUTABLE_READY), "%s",
                row.name);
    const std::string initial = get(row.name);
    fail_unless_equals_string(initial.c_str(), row.initial);
    gst_util_set_object_arg(G_OBJECT(clone.element()), row.name, row.other);
    fail_if(get(row.name) == row.initial, "%s does not change", row.name);
  }
  clone.expect_state("idle");
  const std::string id = get("voice-id");
  fail_unless_equals_string(id.c_str(), "\"\"");
}
GST_END_TEST;

GST_START_TEST(test_states) {
  CloneHarness clone;
  for (const GstState state :
       {GST_STATE_NULL, GST_STATE_READY, GST_STATE_NULL, GST_STATE_PAUSED, GST_STATE_READY,
        GST_STATE_PLAYING, GST_STATE_NULL, GST_STATE_PLAYING})
    fail_unless_equals_int(gst_element_set_state(clone.element(), state), GST_STATE_CHANGE_SUCCESS);
  clone.start();
  clone.push(babble(4));
  clone.eos();
  fail_unless(clone.ended());
  clone.expect_state("done");
}
GST_END_TEST;

namespace {

// Random bytes of that format in, the same bytes out, with timestamps and flags.
void pass(const std::string& format, int rate, int channels, bool planar) {
  CloneHarness clone;
  GstAudioInfo info;
  std::vector<GstAudioChannelPosition> positions(std::size_t(channels),
                                                 GST_AUDIO_CHANNEL_POSITION_NONE);
  gst_audio_info_set_format(&info, gst_audio_format_from_string(format.c_str()), rate, channels,
                            channels > 2 ? positions.data() : nullptr);
  if (planar) info.layout = GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  GstCaps* caps = gst_audio_info_to_caps(&info);
  gst_harness_set_src_caps(clone.get(), caps);
  std::mt19937 random(5);
  for (int i = 0; i < 4; ++i) {
    const gsize frames = 64 + random() % 100;
    std::vector<guint8> bytes(frames * gsize(info.bpf));
    for (guint8& byte : bytes) byte = guint8(random());
    GstBuffer* buffer = gst_buffer_new_memdup(bytes.data(), bytes.size());
    if (planar) gst_buffer_add_audio_meta(buffer, &info, frames, nullptr);
    GST_BUFFER_PTS(buffer) = GstClockTime(i) * GST_SECOND;
    GST_BUFFER_OFFSET(buffer) = guint64(i) * 7;
    if (i == 2) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    if (i == 3) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_GAP);
    const GstBuffer* pushed = buffer;
    fail_unless_equals_int(gst_harness_push(clone.get(), buffer), GST_FLOW_OK);
    GstBuffer* passed = gst_harness_pull(clone.get());
    fail_unless(passed == pushed, "%s: the buffer was copied", format.c_str());
    fail_unless_equals_int(int(gst_buffer_get_size(passed)), int(bytes.size()));
    fail_unless(gst_buffer_memcmp(passed, 0, bytes.data(), bytes.size()) == 0, "%s",
                format.c_str());
    fail_unless_equals_uint64(GST_BUFFER_PTS(passed), guint64(i) * GST_SECOND);
    fail_unless_equals_uint64(GST_BUFFER_OFFSET(passed), guint64(i) * 7);
    fail_unless_equals_int(!!GST_BUFFER_FLAG_IS_SET(passed, GST_BUFFER_FLAG_GAP), i == 3);
    gst_buffer_unref(passed);
  }
  GstCaps* out = gst_pad_get_current_caps(clone.get()->sinkpad);
  GstCaps* in = gst_pad_get_current_caps(clone.get()->srcpad);
  fail_unless(gst_caps_is_equal(out, in), "%s", format.c_str());
  gst_caps_unref(out);
  gst_caps_unref(in);
}

}  // namespace

// Every format that GStreamer has, as it is.
GST_START_TEST(test_pass_through) {
  GValue list = G_VALUE_INIT;
  g_value_init(&list, GST_TYPE_LIST);
  fail_unless(gst_value_deserialize(&list, GST_AUDIO_FORMATS_ALL));
  const guint formats = gst_value_list_get_size(&list);
  fail_unless(formats > 25);
  for (guint i = 0; i < formats; ++i) {
    const char* format = g_value_get_string(gst_value_list_get_value(&list, i));
    for (const bool planar : {false, true}) {
      pass(format, 44100, 1, planar);
      pass(format, 8000, 2, planar);
      pass(format, 192000, 5, planar);
    }
  }
  g_value_unset(&list);
}
GST_END_TEST;

GST_START_TEST(test_other_caps) {
  CloneHarness clone;
  gst_harness_set_src_caps_str(clone.get(), "text/x-raw,format=utf8");
  fail_unless_equals_int(
      gst_harness_push(clone.get(), gst_buffer_new_allocate(nullptr, 8, nullptr)),
      GST_FLOW_NOT_NEGOTIATED);
}
GST_END_TEST;

// Queries about latency pass through and stay as they are.
GST_START_TEST(test_latency) {
  CloneHarness clone;
  gst_harness_set_live(clone.get(), TRUE);
  gst_harness_set_upstream_latency(clone.get(), 30 * GST_MSECOND);
  clone.start();
  fail_unless_equals_uint64(gst_harness_query_latency(clone.get()), 30 * GST_MSECOND);
}
GST_END_TEST;

// The recording goes on over a change of caps, at the rate it began with.
GST_START_TEST(test_caps_change) {
  CloneHarness clone;
  clone.start();
  clone.push(babble(2));
  clone.start("audio/x-raw,format=" GST_AUDIO_NE(S16) ",rate=48000,channels=2,layout=interleaved");
  std::vector<gint16> frames;
  for (const float sample : babble(2, 0.3, 48000))
    frames.insert(frames.end(), 2, gint16(sample * 32767));
  gst_harness_push(clone.get(), gst_buffer_new_memdup(frames.data(), frames.size() * 2));
  clone.eos();
  const VoiceEntry voice = library(clone).find("Me");
  const Audio recording = read_audio_file(voice.path);
  fail_unless_equals_int(recording.rate_hz, 16000);
  fail_unless(std::abs(recording.seconds() - 4) < 0.4, "%g s", recording.seconds());
}
GST_END_TEST;

TCase* clone_basic_cases() {
  TCase* cases = tcase_create("basic");
  tcase_add_test(cases, test_factory);
  tcase_add_test(cases, test_properties);
  tcase_add_test(cases, test_states);
  tcase_add_test(cases, test_pass_through);
  tcase_add_test(cases, test_other_caps);
  tcase_add_test(cases, test_latency);
  tcase_add_test(cases, test_caps_change);
  return cases;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// chatterboxtts with the model of the tree, through gst_parse_launch.
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "gst_check.h"
#include "stopwatch.h"

namespace {

struct Speech {
  std::vector<gint16> samples;
  std::vector<GstClockTime> begins, ends;
  int rate = 0;
  // In the order of their messages: begin and text.
  std::vector<std::pair<GstClockTime, std::string>> words;
  int progress_complete = 0;
  double real_time_factor = 0;

  double seconds() const { return double(samples.size()) / rate; }
  double rms() const {
    double sum = 0;
    for (const gint16 sample : samples) sum += double(sample) * sample;
    return std::sqrt(sum / double(samples.size())) / 32768;
  }
};

void hand_over(GstElement*, GstBuffer* buffer, GstPad* pad, gpointer data) {
  auto& speech = *static_cast<Speech*>(data);
  GstCaps* caps = gst_pad_get_current_caps(pad);
  gst_structure_get_int(gst_caps_get_structure(caps, 0), "rate", &speech.rate);
  gst_caps_unref(caps);
  const std::size_t count = gst_buffer_get_size(buffer) / sizeof(gint16);
  const std::size_t before = speech.samples.size();
  speech.samples.resize(before + count);
  gst_buffer_extract(buffer, 0, &speech.samples[before], count * sizeof(gint16));
  speech.begins.push_back(GST_BUFFER_PTS(buffer));
  speech.ends.push_back(GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer));
}

void note(Speech& speech, GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS) {
    GstProgressType type;
    gst_message_parse_progress(message, &type, nullptr, nullptr);
    speech.progress_complete += type == GST_PROGRESS_TYPE_COMPLETE;
    return;
  }
  const GstStructure* structure = gst_message_get_structure(message);
  if (gst_structure_has_name(structure, "chatterbox/word")) {
    guint64 begin = 0;
    gst_structure_get_uint64(structure, "timestamp", &begin);
    speech.words.emplace_back(begin, gst_structure_get_string(structure, "text"));
  }
  if (gst_structure_has_name(structure, "chatterbox/utterance-end"))
    gst_structure_get_double(structure, "real-time-factor", &speech.real_time_factor);
}

Speech speak(const std::string& tts, const std::string& caps) {
  Speech speech;
  const std::string launch = tts + " ! " + caps + " ! fakesink name=sink signal-handoffs=true";
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(launch.c_str(), &error);
  fail_unless(pipeline && !error, "%s", error ? error->message : "");
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  g_signal_connect(sink, "handoff", G_CALLBACK(hand_over), &speech);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  bool ended = false;
  while (!ended) {
    GstMessage* message =
        gst_bus_timed_pop_filtered(bus, 120 * GST_SECOND,
                                   GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR |
                                                  GST_MESSAGE_ELEMENT | GST_MESSAGE_PROGRESS));
    fail_unless(message != nullptr, "the pipeline does not end");
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error(message, &error, nullptr);
      ck_abort_msg("%s", error->message);
    }
    ended = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    if (!ended) note(speech, message);
    gst_message_unref(message);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  return speech;
}

const char* const kSpeaker =
    "chatterboxtts seed=3 text=\"The weather will be fine until the evening, and then it rains.\"";

}  // namespace

GST_START_TEST(test_speech) {
  const Speech speech = speak(kSpeaker, "audio/x-raw,format=S16LE");
  fail_unless_equals_int(speech.rate, 24000);
  fail_unless_equals_int(speech.progress_complete, 1);
  // Twelve words: between one and eight of them a second.
  fail_unless(speech.seconds() > 12 / 8.0 && speech.seconds() < 12, "%g s", speech.seconds());
  fail_unless(speech.rms() > 0.005, "rms %g", speech.rms());
  fail_unless(speech.real_time_factor > 0);
  fail_unless_equals_uint64(speech.begins.front(), 0);
  for (std::size_t i = 0; i < speech.begins.size(); ++i) {
    if (i > 0) fail_unless_equals_uint64(speech.begins[i], speech.ends[i - 1]);
    fail_unless(speech.ends[i] - speech.begins[i] <= 100 * GST_MSECOND + 1);
  }
  fail_unless_equals_uint64(speech.ends.back(),
                            gst_util_uint64_scale(speech.samples.size(), GST_SECOND, 24000));
}
GST_END_TEST;

GST_START_TEST(test_words) {
  const Speech speech = speak(kSpeaker, "audio/x-raw,format=S16LE");
  fail_unless_equals_int(int(speech.words.size()), 12);
  for (std::size_t i = 1; i < speech.words.size(); ++i)
    fail_unless(speech.words[i].first > speech.words[i - 1].first);
  fail_unless(speech.words.back().first < speech.ends.back());
  fail_unless(speech.words.front().second == "The");
}
GST_END_TEST;

GST_START_TEST(test_same_seed) {
  const Speech once = speak(kSpeaker, "audio/x-raw,format=S16LE");
  const Speech again = speak(kSpeaker, "audio/x-raw,format=S16LE");
  fail_unless(once.samples == again.samples);
}
GST_END_TEST;

GST_START_TEST(test_rate) {
  const Speech native = speak(kSpeaker, "audio/x-raw,format=S16LE,rate=24000");
  const Speech doubled = speak(kSpeaker, "audio/x-raw,format=S16LE,rate=48000");
  fail_unless_equals_int(doubled.rate, 48000);
  fail_unless_equals_int(int(doubled.samples.size()), int(native.samples.size()) * 2);
  fail_unless(std::abs(doubled.rms() / native.rms() - 1) < 0.02);
}
GST_END_TEST;

// Leaving in the middle of a sentence does not wait for it.
GST_START_TEST(test_leave) {
  GstElement* pipeline = gst_parse_launch(
      "chatterboxtts text=\"A sentence that is long enough to be in the middle of it when the "
      "pipeline goes away, because it has one clause after the other.\" ! fakesink sync=true",
      nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  fail_unless_equals_int(gst_element_get_state(pipeline, nullptr, nullptr, 120 * GST_SECOND),
                         GST_STATE_CHANGE_SUCCESS);
  const chatterbox::gst::Stopwatch watch;
  gst_element_set_state(pipeline, GST_STATE_NULL);
  const double took = watch.milliseconds();
  gst_object_unref(pipeline);
  fail_unless(took < 100, "%g ms", took);
}
GST_END_TEST;

int main(int argc, char** argv) {
  // Not forked: libtorch's threads do not survive a fork.
  g_setenv("CK_FORK", "no", TRUE);
  gst_check_init(&argc, &argv);
  Suite* suite = suite_create("chatterboxtts with a model");
  TCase* cases = tcase_create("model");
  tcase_add_test(cases, test_speech);
  tcase_add_test(cases, test_words);
  tcase_add_test(cases, test_same_seed);
  tcase_add_test(cases, test_rate);
  tcase_add_test(cases, test_leave);
  suite_add_tcase(suite, cases);
  return gst_check_run_suite(suite, "chatterboxtts_model", __FILE__);
}

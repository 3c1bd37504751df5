// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// chatterboxclone with the model of the tree: a voice that speech is made with.
#include <cmath>
#include <string>
#include <vector>

#include "gst_check.h"
#include "support/temporary_directory.h"

namespace {

void hand_over(GstElement*, GstBuffer* buffer, GstPad*, gpointer data) {
  auto& samples = *static_cast<std::vector<gint16>*>(data);
  const std::size_t count = gst_buffer_get_size(buffer) / sizeof(gint16);
  const std::size_t before = samples.size();
  samples.resize(before + count);
  gst_buffer_extract(buffer, 0, &samples[before], count * sizeof(gint16));
}

// Runs to EOS; what reached `sink` as S16.
std::vector<gint16> run(const std::string& launch) {
  std::vector<gint16> samples;
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(launch.c_str(), &error);
  fail_unless(pipeline && !error, "%s", error ? error->message : "");
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  g_object_set(sink, "signal-handoffs", TRUE, nullptr);
  g_signal_connect(sink, "handoff", G_CALLBACK(hand_over), &samples);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, 240 * GST_SECOND,
      GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING));
  fail_unless(message != nullptr, "%s does not end", launch.c_str());
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, nullptr);
    ck_abort_msg("%s", error->message);
  }
  fail_unless_equals_int(GST_MESSAGE_TYPE(message), GST_MESSAGE_EOS);
  gst_message_unref(message);
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  return samples;
}

std::vector<gint16> speak(const std::string& voice) {
  return run("chatterboxtts seed=3 voice=" + voice +
             " text=\"The weather will be fine until the evening.\" ! audio/x-raw,format=S16LE ! "
             "fakesink name=sink");
}

std::string recording(const char* name) {
  return std::string("filesrc location=" VOICES_DIR "/") + name +
         ".opus ! decodebin ! audioconvert ! audio/x-raw,format=S16LE,channels=1 ! ";
}

}  // namespace

// The pipeline of the documentation, word for word but for the file.
GST_START_TEST(test_clone_then_speak) {
  const TemporaryDirectory data;
  g_setenv("XDG_DATA_HOME", data.path("").c_str(), TRUE);
  const auto heard = run(recording("benjamin") + "fakesink name=sink");
  const auto passed =
      run(recording("benjamin") + "chatterboxclone voice-name=Me ! fakesink name=sink");
  fail_unless(heard == passed, "the recording did not pass unchanged");
  const auto speech = speak("Me");
  fail_unless(speech.size() > 24000 / 2, "%zu samples", speech.size());
  double power = 0;
  for (const gint16 sample : speech) power += double(sample) * sample;
  fail_unless(std::sqrt(power / double(speech.size())) > 100);
  fail_unless(speech != speak("Amy"), "another voice speaks alike");
  fail_unless(speech == speak("me"), "the same voice does not");
}
GST_END_TEST;

// The file alone serves as well as the library.
GST_START_TEST(test_location) {
  const TemporaryDirectory data;
  g_setenv("XDG_DATA_HOME", data.path("").c_str(), TRUE);
  const std::string file = data.path("ada.safetensors");
  run(recording("amy") + "chatterboxclone voice-name=Ada location=" + file +
      " ! fakesink name=sink");
  fail_unless(speak("Ada") == speak(file));
}
GST_END_TEST;

int main(int argc, char** argv) {
  // Not forked: libtorch's threads do not survive a fork.
  g_setenv("CK_FORK", "no", TRUE);
  gst_check_init(&argc, &argv);
  Suite* suite = suite_create("chatterboxclone with a model");
  TCase* cases = tcase_create("model");
  tcase_set_timeout(cases, 0);
  tcase_add_test(cases, test_clone_then_speak);
  tcase_add_test(cases, test_location);
  suite_add_tcase(suite, cases);
  return gst_check_run_suite(suite, "chatterboxclone_model", __FILE__);
}

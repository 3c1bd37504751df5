// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Makes a voice of a recording, then speaks with it:
//   chatterbox-clone RECORDING NAME "Some text." out.wav
// The voice stays in the user's library; a name that is taken is refused.

#include <gst/gst.h>

#include <cstdio>
#include <string>

namespace {

void show(GstMessage* message) {
  const GstStructure* fields = gst_message_get_structure(message);
  if (!fields || !gst_structure_has_name(fields, "chatterbox/voice-created")) return;
  guint64 duration = 0;
  double snr = 0;
  gst_structure_get(fields, "duration", G_TYPE_UINT64, &duration, "snr", G_TYPE_DOUBLE, &snr,
                    nullptr);
  std::printf("voice %s, id %s: %.1f s of speech, %.0f dB above the noise\n",
              gst_structure_get_string(fields, "voice"),
              gst_structure_get_string(fields, "voice-id"), double(duration) / GST_SECOND, snr);
  const GValue* warnings = gst_structure_get_value(fields, "warnings");
  for (guint i = 0; i < gst_value_array_get_size(warnings); ++i)
    std::printf("  note: %s\n", g_value_get_string(gst_value_array_get_value(warnings, i)));
}

// Plays it to its end. A warning is a failure here: without it there is no voice.
bool play(GstElement* pipeline) {
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  bool ended = false, failed = false;
  while (!ended && !failed) {
    GstMessage* message =
        gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE,
                                   GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR |
                                                  GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT));
    GError* error = nullptr;
    gchar* details = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
      gst_message_parse_error(message, &error, &details);
    else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
      gst_message_parse_warning(message, &error, &details);
    else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS)
      ended = true;
    else
      show(message);
    if (error) {
      std::fprintf(stderr, "%s\n%s\n", error->message, details ? details : "");
      failed = true;
    }
    g_clear_error(&error);
    g_free(details);
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return !failed;
}

// Builds a pipeline, sets properties as {element, property, value}, and plays it.
struct Setting {
  const char *element, *property, *value;
};

bool run(const char* description, std::initializer_list<Setting> settings) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description, &error);
  if (error) {
    std::fprintf(stderr, "%s\n", error->message);
    g_clear_error(&error);
    if (pipeline) gst_object_unref(pipeline);
    return false;
  }
  for (const Setting& setting : settings) {
    GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), setting.element);
    g_object_set(element, setting.property, setting.value, nullptr);
    gst_object_unref(element);
  }
  const bool played = play(pipeline);
  gst_object_unref(pipeline);
  return played;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s RECORDING NAME TEXT OUT.wav\n", argv[0]);
    return 2;
  }
  const bool cloned =
      run("filesrc name=file ! decodebin ! audioconvert ! chatterboxclone name=clone ! fakesink",
          {{"file", "location", argv[1]}, {"clone", "voice-name", argv[2]}});
  const bool spoken =
      cloned &&
      run("chatterboxtts name=tts ! wavenc ! filesink name=file",
          {{"tts", "voice", argv[2]}, {"tts", "text", argv[3]}, {"file", "location", argv[4]}});
  return spoken ? 0 : 1;
}

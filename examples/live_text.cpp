// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Speaks lines as they are typed, as a program would that gets its text from a
// person or a language model; a line "!" interrupts:
//   chatterbox-live-text [SINK]      SINK defaults to autoaudiosink

#include <gst/gst.h>

#include <iostream>
#include <string>

namespace {

// Prints what the element reports. Runs in the thread that posts.
GstBusSyncReply report(GstBus*, GstMessage* message, gpointer) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    std::cerr << "error: " << error->message << '\n';
    g_error_free(error);
  } else if (gst_message_has_name(message, "chatterbox/utterance-end")) {
    const GstStructure* fields = gst_message_get_structure(message);
    guint64 first_audio = 0;
    gboolean interrupted = FALSE;
    gst_structure_get_uint64(fields, "time-to-first-audio", &first_audio);
    gst_structure_get_boolean(fields, "interrupted", &interrupted);
    std::cerr << (interrupted ? "interrupted: " : "spoken: ")
              << gst_structure_get_string(fields, "text") << " (first audio after "
              << first_audio / GST_MSECOND << " ms)\n";
  }
  return GST_BUS_PASS;
}

void push_text(GstElement* source, const std::string& text) {
  GstBuffer* buffer = gst_buffer_new_memdup(text.data(), text.size());
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source, "push-buffer", buffer, &flow);
  gst_buffer_unref(buffer);
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const std::string sink = argc > 1 ? argv[1] : "autoaudiosink";
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(
      ("appsrc name=text format=bytes ! chatterboxtts name=speech force-live=true ! "
       "audioconvert ! audioresample ! " +
       sink)
          .c_str(),
      &error);
  if (!pipeline || error) {
    std::cerr << (error ? error->message : "no pipeline") << '\n';
    return 1;
  }
  GstElement* text = gst_bin_get_by_name(GST_BIN(pipeline), "text");
  GstElement* speech = gst_bin_get_by_name(GST_BIN(pipeline), "speech");
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_bus_set_sync_handler(bus, report, nullptr, nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);

  for (std::string line; std::getline(std::cin, line);) {
    if (line == "!")
      g_signal_emit_by_name(speech, "interrupt", TRUE);
    else
      push_text(text, line + "\n");
  }
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(text, "end-of-stream", &flow);
  GstMessage* last = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool failed = GST_MESSAGE_TYPE(last) == GST_MESSAGE_ERROR;
  gst_message_unref(last);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(text);
  gst_object_unref(speech);
  gst_object_unref(pipeline);
  return failed ? 1 : 0;
}

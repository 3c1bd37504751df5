// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// A voice assistant's mouth: sentences arrive in tokens, as from a language model,
// and are spoken at once; the user interrupts, and the next answer begins.
//   barge-in [SINK]       SINK defaults to autoaudiosink
// Prints how long the first sound of each answer took and how long the interrupted
// one went on sounding.

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double ms_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// What reaches the sink, seen from the streaming thread.
struct Ear {
  std::mutex mutex;
  std::condition_variable changed;
  int buffers = 0;
  Clock::time_point last;

  static GstPadProbeReturn hear(GstPad*, GstPadProbeInfo*, gpointer data) {
    auto& ear = *static_cast<Ear*>(data);
    const std::lock_guard lock(ear.mutex);
    ++ear.buffers;
    ear.last = Clock::now();
    ear.changed.notify_all();
    return GST_PAD_PROBE_OK;
  }
  // The time of the next buffer.
  Clock::time_point next() {
    std::unique_lock lock(mutex);
    const int before = buffers;
    changed.wait_for(lock, std::chrono::seconds(60), [&] { return buffers > before; });
    return last;
  }
};

void say(GstElement* source, const std::vector<std::string>& tokens) {
  for (const std::string& token : tokens) {
    GstBuffer* buffer = gst_buffer_new_memdup(token.data(), token.size());
    gst_app_src_push_buffer(GST_APP_SRC(source), buffer);
  }
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const std::string sink = argc > 1 ? argv[1] : "autoaudiosink";
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(
      ("appsrc name=text format=bytes ! chatterboxtts name=speech force-live=true ! "
       "audioconvert ! audioresample name=out ! " +
       sink)
          .c_str(),
      &error);
  if (!pipeline || error) {
    std::cerr << (error ? error->message : "no pipeline") << '\n';
    return 1;
  }
  GstElement* text = gst_bin_get_by_name(GST_BIN(pipeline), "text");
  GstElement* speech = gst_bin_get_by_name(GST_BIN(pipeline), "speech");
  GstElement* out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
  GstPad* pad = gst_element_get_static_pad(out, "src");
  Ear ear;
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, Ear::hear, &ear, nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);

  say(text, {"The",   " weather",  " today",  " will",  " be",  " fine", ",",
             " with", " some",     " clouds", " in",    " the", " west", ",",
             " and",  " a",        " little", " wind",  " in",  " the",  " evening",
             ".",     " Tomorrow", " it",     " rains", ".",    " "});
  ear.next();
  std::this_thread::sleep_for(std::chrono::seconds(1));

  // The user begins to speak.
  const auto interrupted = Clock::now();
  g_signal_emit_by_name(speech, "interrupt", TRUE);
  const auto silent = Clock::now();
  std::cout << "silent " << ms_between(interrupted, silent) << " ms after the interruption\n";

  const auto asked = Clock::now();
  say(text, {"All", " right", ".", " "});
  const auto answered = ear.next();
  std::cout << "first audio of the next answer after " << ms_between(asked, answered) << " ms\n";

  gst_app_src_end_of_stream(GST_APP_SRC(text));
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* last = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool failed = GST_MESSAGE_TYPE(last) == GST_MESSAGE_ERROR;
  gst_message_unref(last);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  for (gpointer object : {gpointer(bus), gpointer(pad), gpointer(out), gpointer(speech),
                          gpointer(text), gpointer(pipeline)})
    gst_object_unref(object);
  return failed ? 1 : 0;
}

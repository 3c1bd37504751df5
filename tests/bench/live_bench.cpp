// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// What a listener waits for in a live pipeline with the model of the tree:
//   live_bench [SENTENCES] [PROPERTY=VALUE...]
// Prints the time from the arrival of a complete sentence to its first audio, and
// from an interruption to silence at the sink. The processor time of the first
// audio is what its wall time would be on an idle machine, as the small model works
// in one thread. Run it inside `meson devenv`.
#include <gst/gst.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

const char* const kSentences[] = {
    "The train to the coast leaves in ten minutes.",
    "You have two new messages, and one of them is urgent.",
    "Turn left at the next corner.",
    "I am afraid that the shop is closed today.",
    "The temperature will fall during the night.",
};

struct Sink {
  std::mutex mutex;
  std::condition_variable changed;
  int buffers = 0;
  Clock::time_point last;

  static GstPadProbeReturn hear(GstPad*, GstPadProbeInfo*, gpointer data) {
    auto& sink = *static_cast<Sink*>(data);
    const std::lock_guard lock(sink.mutex);
    ++sink.buffers;
    sink.last = Clock::now();
    sink.changed.notify_all();
    return GST_PAD_PROBE_OK;
  }
  // False when nothing came within a minute.
  bool wait_for_more(int than) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), [&] { return buffers > than; });
  }
  int count() {
    const std::lock_guard lock(mutex);
    return buffers;
  }
  Clock::time_point when() {
    const std::lock_guard lock(mutex);
    return last;
  }
};

double processor_ms() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) * 1e3 + double(time.tv_nsec) / 1e6;
}

double ms_since(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

void print(const char* what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  std::printf("%s: median %.0f ms, 90th percentile %.0f ms, largest %.0f ms (%zu times)\n", what,
              times[times.size() / 2], times[times.size() * 9 / 10], times.back(), times.size());
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
  std::string properties;
  for (int i = 2; i < argc; ++i) properties += std::string(" ") + argv[i];
  GstElement* pipeline =
      gst_parse_launch(("appsrc name=text format=bytes ! chatterboxtts name=tts force-live=true" +
                        properties + " ! fakesink name=sink sync=true")
                           .c_str(),
                       nullptr);
  GstElement* text = gst_bin_get_by_name(GST_BIN(pipeline), "text");
  GstElement* tts = gst_bin_get_by_name(GST_BIN(pipeline), "tts");
  GstPad* pad = gst_element_get_static_pad(tts, "src");
  Sink sink;
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, Sink::hear, &sink, nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);

  std::vector<double> first_audio, processor, silence;
  for (int i = -1; i < rounds; ++i) {  // the first is for the model to load
    const std::string sentence = std::string(kSentences[(i + 5) % 5]) + "\n";
    GstBuffer* buffer = gst_buffer_new_memdup(sentence.data(), sentence.size());
    GstFlowReturn flow = GST_FLOW_OK;
    const int before = sink.count();
    const auto arrived = Clock::now();
    const double used = processor_ms();
    g_signal_emit_by_name(text, "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
    if (!sink.wait_for_more(before)) return 1;
    if (i >= 0) {
      processor.push_back(processor_ms() - used);
      first_audio.push_back(ms_since(arrived, sink.when()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const auto interrupted = Clock::now();
    g_signal_emit_by_name(tts, "interrupt", TRUE);
    if (i >= 0)
      silence.push_back(
          std::max(ms_since(interrupted, sink.when()), ms_since(interrupted, Clock::now())));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  print("first audio after a sentence", first_audio);
  print("processor time of that", processor);
  print("silence after an interruption", silence);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pad);
  gst_object_unref(tts);
  gst_object_unref(text);
  gst_object_unref(pipeline);
  return 0;
}

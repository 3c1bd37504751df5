// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// chatterboxvc at real time for as long as one likes:
//   vc_soak SECONDS RECORDING [PROPERTY=VALUE...]
// The recording (raw 16-bit samples, mono, 16 kHz) is spoken again and again by
// a live source. Prints what was lost, drift, latency and its change, and how
// late audio was at the source pad; fails when anything was lost or moved.

#include <gst/gst.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

namespace {

constexpr int kRateHz = 16000;
constexpr guint64 kPiece = 160;  // samples, 10 ms

struct Seen {
  GstElement* pipeline = nullptr;
  std::mutex mutex;
  guint64 samples = 0;
  GstClockTime end = 0;
  int breaks = 0;
  // Running time less timestamp as audio leaves, per minute.
  std::vector<std::vector<double>> delays;  // ms
};

GstPadProbeReturn look(GstPad*, GstPadProbeInfo* info, gpointer data) {
  Seen& seen = *static_cast<Seen*>(data);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const GstClockTime now = gst_element_get_current_running_time(seen.pipeline);
  const std::lock_guard lock(seen.mutex);
  if (seen.samples > 0 && GST_BUFFER_PTS(buffer) != seen.end) ++seen.breaks;
  seen.samples += gst_buffer_get_size(buffer) / sizeof(gint16);
  seen.end = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
  const std::size_t minute = GST_BUFFER_PTS(buffer) / (60 * GST_SECOND);
  if (seen.delays.size() <= minute) seen.delays.resize(minute + 1);
  seen.delays[minute].push_back(double(now) / 1e6 - double(GST_BUFFER_PTS(buffer)) / 1e6);
  return GST_PAD_PROBE_OK;
}

double share(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[std::size_t(part * double(values.size() - 1))];
}

guint64 number(GstStructure* stats, const char* name) {
  guint64 value = 0;
  gst_structure_get_uint64(stats, name, &value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s SECONDS RECORDING [PROPERTY=VALUE...]\n", argv[0]);
    return 2;
  }
  const double seconds = std::atof(argv[1]);
  std::ifstream file(argv[2], std::ios::binary);
  const std::vector<char> speech{std::istreambuf_iterator<char>(file), {}};
  if (speech.size() < 2 * kRateHz) {
    std::fprintf(stderr, "%s: expected a second of speech\n", argv[2]);
    return 2;
  }
  std::string launch =
      "appsrc name=in is-live=true format=time min-latency=10000000 "
      "caps=audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved ! chatterboxvc "
      "name=vc";
  for (int i = 3; i < argc; ++i) launch += std::string(" ") + argv[i];
  launch += " ! audio/x-raw,format=S16LE,rate=24000 ! queue ! fakesink sync=true name=out";
  GError* error = nullptr;
  Seen seen;
  seen.pipeline = gst_parse_launch(launch.c_str(), &error);
  if (error) {
    std::fprintf(stderr, "%s\n", error->message);
    return 2;
  }
  GstElement* in = gst_bin_get_by_name(GST_BIN(seen.pipeline), "in");
  GstElement* vc = gst_bin_get_by_name(GST_BIN(seen.pipeline), "vc");
  GstPad* pad = gst_element_get_static_pad(vc, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, look, &seen, nullptr);
  GstBus* bus = gst_element_get_bus(seen.pipeline);

  // The model is loaded before the clock starts: PROGRESS says so in PAUSED.
  gst_element_set_state(seen.pipeline, GST_STATE_PAUSED);
  bool loaded = false;
  while (!loaded) {
    GstMessage* message = gst_bus_timed_pop_filtered(
        bus, 60 * GST_SECOND, GstMessageType(GST_MESSAGE_PROGRESS | GST_MESSAGE_ERROR));
    if (!message || GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      std::fprintf(stderr, "the model cannot be loaded\n");
      return 1;
    }
    GstProgressType type;
    gst_message_parse_progress(message, &type, nullptr, nullptr);
    loaded = type == GST_PROGRESS_TYPE_COMPLETE;
    gst_message_unref(message);
  }
  gst_element_set_state(seen.pipeline, GST_STATE_PLAYING);
  guint64 latency = 0, latency_after = 0;
  g_object_get(vc, "latency", &latency, nullptr);

  const auto pieces = guint64(seconds * kRateHz / kPiece);
  const std::size_t loop = speech.size() / 2 / kPiece * kPiece;
  for (guint64 i = 0; i < pieces; ++i) {
    const GstClockTime begin = gst_util_uint64_scale(i * kPiece, GST_SECOND, kRateHz);
    const GstClockTime end = begin + GST_SECOND * kPiece / kRateHz;
    // Audio exists once it was spoken.
    for (GstClockTime now = gst_element_get_current_running_time(seen.pipeline);
         !GST_CLOCK_TIME_IS_VALID(now) || now < end;
         now = gst_element_get_current_running_time(seen.pipeline))
      g_usleep(GST_CLOCK_TIME_IS_VALID(now) ? (end - now) / 1000 + 1 : 1000);
    GstBuffer* buffer = gst_buffer_new_memdup(speech.data() + i * kPiece % loop * 2, kPiece * 2);
    GST_BUFFER_PTS(buffer) = begin;
    GST_BUFFER_DURATION(buffer) = end - begin;
    GstFlowReturn flow;
    g_signal_emit_by_name(in, "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
    if (flow != GST_FLOW_OK) break;
  }
  GstFlowReturn flow;
  g_signal_emit_by_name(in, "end-of-stream", &flow);
  GstMessage* last = gst_bus_timed_pop_filtered(
      bus, 60 * GST_SECOND, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool ended = last && GST_MESSAGE_TYPE(last) == GST_MESSAGE_EOS;
  if (last) gst_message_unref(last);

  GstStructure* stats = nullptr;
  g_object_get(vc, "stats", &stats, "latency", &latency_after, nullptr);
  gdouble factor = 0;
  gst_structure_get_double(stats, "real-time-factor", &factor);
  const auto drift = gint64(seen.samples) - gint64(pieces * kPiece * 3 / 2);
  std::printf("%.0f s: ended %d, overloads %" G_GUINT64_FORMAT
              ", discarded %.3f s, late chunks %" G_GUINT64_FORMAT
              ", breaks %d, drift %" G_GINT64_FORMAT " samples\n",
              seconds, ended, number(stats, "overloads"),
              double(number(stats, "discarded")) / GST_SECOND, number(stats, "late"), seen.breaks,
              drift);
  std::printf("latency %.1f ms, %.1f ms at the end; real-time factor %.3f, slowest chunk %.0f ms\n",
              double(latency) / 1e6, double(latency_after) / 1e6, factor,
              double(number(stats, "slowest-chunk")) / 1e6);
  for (std::size_t minute = 0; minute < seen.delays.size(); ++minute)
    std::printf(
        "minute %zu: delay of the earliest sample of a buffer, ms: median %.1f, 99 %% %.1f, "
        "most %.1f\n",
        minute + 1, share(seen.delays[minute], 0.5), share(seen.delays[minute], 0.99),
        share(seen.delays[minute], 1));
  const bool good = ended && number(stats, "overloads") == 0 && seen.breaks == 0 && drift == 0 &&
                    latency == latency_after;
  gst_structure_free(stats);
  gst_element_set_state(seen.pipeline, GST_STATE_NULL);
  gst_object_unref(pad);
  gst_object_unref(vc);
  gst_object_unref(in);
  gst_object_unref(bus);
  gst_object_unref(seen.pipeline);
  return good ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// The pipeline that OBS runs with obs-gstreamer: blocks of 1024 frames of planar float, 48 kHz,
// stereo, go in and come out, as many as went in.
//   obs_filter_test RECORDING SECONDS                 as fast as it goes
//   obs_filter_test RECORDING SECONDS live [PROPERTY=VALUE...]
// Live, blocks come when they have been said, as from OBS: no speech may be lost, none may come
// later than the latency that the element tells, and that stays what it is. It prints what it saw.
// A machine that stands still for a second, as a virtual one may, says nothing: it is skipped then.
#include <gst/app/app.h>
#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kRate = 48000, kChannels = 2, kFrames = 1024;
constexpr GstClockTime kPatience = 300 * GST_SECOND;

GstElement* parse(const std::string& line) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(line.c_str(), &error);
  if (!error) return pipeline;
  std::fprintf(stderr, "%s\n", error->message);
  std::exit(1);
}

GstElement* named(GstElement* pipeline, const char* name) {
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), name);
  gst_object_unref(element);  // the pipeline keeps it
  return element;
}

// Samples of a recording, mono, at OBS's rate.
std::vector<float> read_recording(const char* path) {
  GstElement* pipeline = parse(
      "filesrc name=file ! decodebin ! audioconvert ! audioresample ! "
      "audio/x-raw,format=F32LE,rate=48000,channels=1,layout=interleaved ! appsink name=sink "
      "sync=false");
  g_object_set(named(pipeline, "file"), "location", path, nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::vector<float> samples;
  while (GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(named(pipeline, "sink")))) {
    GstMapInfo map;
    gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ);
    const auto* data = reinterpret_cast<const float*>(map.data);
    samples.insert(samples.end(), data, data + map.size / sizeof(float));
    gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
    gst_sample_unref(sample);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  return samples;
}

// A block as OBS hands it over: one channel behind the other.
GstBuffer* block(const std::vector<float>& recording, gint64 first, GstAudioInfo& info) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, gsize(kFrames) * info.bpf, nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  auto* data = reinterpret_cast<float*>(map.data);
  for (int channel = 0; channel < kChannels; ++channel)
    for (int frame = 0; frame < kFrames; ++frame)
      data[channel * kFrames + frame] = recording[std::size_t(first + frame) % recording.size()];
  gst_buffer_unmap(buffer, &map);
  gst_buffer_add_audio_meta(buffer, &info, kFrames, nullptr);
  GST_BUFFER_PTS(buffer) = gst_util_uint64_scale_int(guint64(first), GST_SECOND, kRate);
  GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale_int(kFrames, GST_SECOND, kRate);
  return buffer;
}

struct Heard {
  gint64 frames = 0, gaps = 0;
  double power = 0, difference = 0;                            // of the channels
  GstClockTimeDiff soonest = G_MAXINT64, latest = G_MININT64;  // after the sound went in
};

// How long after its own time, on the pipeline's clock, something happens.
GstClockTimeDiff time_since(GstElement* element, GstClockTime time) {
  return GST_CLOCK_DIFF(time, gst_element_get_current_running_time(element));
}

void listen(GstAppSink* sink, Heard& heard) {
  GstClockTime expected = GST_CLOCK_TIME_NONE;
  while (GstSample* sample = gst_app_sink_pull_sample(sink)) {
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    GstAudioInfo info;
    gst_audio_info_from_caps(&info, gst_sample_get_caps(sample));
    GstAudioBuffer audio;
    if (gst_audio_buffer_map(&audio, &info, buffer, GST_MAP_READ)) {
      const auto* left = static_cast<const float*>(audio.planes[0]);
      const auto* right = static_cast<const float*>(audio.planes[1]);
      for (gsize frame = 0; frame < audio.n_samples; ++frame) {
        heard.power += double(left[frame]) * left[frame];
        heard.difference =
            std::max(heard.difference, std::fabs(double(left[frame]) - right[frame]));
      }
      heard.frames += gint64(audio.n_samples);
      gst_audio_buffer_unmap(&audio);
    }
    const GstClockTime begin = GST_BUFFER_PTS(buffer);
    const GstClockTimeDiff age = time_since(GST_ELEMENT(sink), begin);
    heard.soonest = std::min(heard.soonest, age);
    heard.latest = std::max(heard.latest, age);
    if (GST_CLOCK_TIME_IS_VALID(expected) && std::llabs(GST_CLOCK_DIFF(expected, begin)) > 50'000)
      ++heard.gaps;
    expected = begin + GST_BUFFER_DURATION(buffer);
    gst_sample_unref(sample);
  }
}

// Blocks of a recording that goes on and on; live, each when its last sample has been said.
// Returns by how much the latest of them went in late.
GstClockTimeDiff speak(GstAppSrc* in, const std::vector<float>& recording, gint64 frames,
                       bool live) {
  GstClockTimeDiff late = 0;
  GstAudioInfo info;
  gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_F32LE, kRate, kChannels, nullptr);
  info.layout = GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  for (gint64 first = 0; first < frames; first += kFrames) {
    GstBuffer* buffer = block(recording, first, info);
    const GstClockTime end = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
    while (live && time_since(GST_ELEMENT(in), end) < 0) g_usleep(500);
    if (live) late = std::max(late, time_since(GST_ELEMENT(in), end));
    gst_app_src_push_buffer(in, buffer);
  }
  gst_app_src_end_of_stream(in);
  return late;
}

// What the element tells its neighbours.
GstClockTime told_latency(GstElement* pipeline) {
  guint64 latency = 0;
  g_object_get(named(pipeline, "converter"), "latency", &latency, nullptr);
  return latency;
}

// The end of the stream, and how often speech was lost before it.
bool wait_for_end(GstElement* pipeline, GstClockTime patience, int& overloads) {
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = nullptr;
  bool ended = false, failed = false;
  while (!ended && !failed &&
         (message = gst_bus_timed_pop_filtered(
              bus, patience,
              GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT)))) {
    ended = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    overloads += gst_message_has_name(message, "chatterbox/overload");
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return ended;
}

bool check(bool right, const char* what, double got) {
  if (!right) std::fprintf(stderr, "expected %s, got %g\n", what, got);
  return right;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 3) {
    std::fprintf(stderr, "usage: obs_filter_test RECORDING SECONDS [live [PROPERTY=VALUE...]]\n");
    return 2;
  }
  const bool live = argc > 3;
  std::string properties;
  for (int i = 4; i < argc; ++i) properties += std::string(" ") + argv[i];
  const std::vector<float> recording = read_recording(argv[1]);
  if (recording.empty()) return 1;
  const std::string caps = "audio/x-raw,rate=48000,channels=2,format=F32LE,layout=non-interleaved";
  GstElement* pipeline = parse("appsrc name=in format=time ! " + caps +
                               " ! audioconvert ! chatterboxvc name=converter seed=1" + properties +
                               " ! audioconvert ! " + caps + " ! appsink name=out sync=false");
  auto* in = GST_APP_SRC(named(pipeline, "in"));
  g_object_set(in, "block", TRUE, "max-bytes", guint64(1 << 20), "is-live", gboolean(live),
               nullptr);
  // The model loads on the way to PAUSED: speech that waits for it would come late.
  gst_element_set_state(pipeline, live ? GST_STATE_PAUSED : GST_STATE_PLAYING);
  if (live) gst_element_get_state(pipeline, nullptr, nullptr, kPatience);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  const GstClockTime latency = told_latency(pipeline);
  const gint64 frames = gint64(std::atof(argv[2]) * kRate) / kFrames * kFrames;
  Heard heard;
  std::thread listener(listen, GST_APP_SINK(named(pipeline, "out")), std::ref(heard));
  GstClockTimeDiff late = 0;
  std::thread speaker([&] { late = speak(in, recording, frames, live); });
  int overloads = 0;
  const bool ended = wait_for_end(
      pipeline, kPatience + gst_util_uint64_scale(guint64(frames), 4 * GST_SECOND, kRate),
      overloads);
  const GstClockTime latency_then = told_latency(pipeline);
  speaker.join();
  gst_element_set_state(pipeline, GST_STATE_NULL);
  listener.join();
  gst_object_unref(pipeline);
  bool right = check(ended, "the end of the stream", 0) &
               check(std::llabs(heard.frames - frames) <= 1, "as many frames as went in",
                     double(heard.frames - frames)) &
               check(heard.gaps == 0, "no gaps", double(heard.gaps)) &
               check(heard.power > 1e-5 * double(frames), "speech", heard.power) &
               check(heard.difference == 0, "two channels alike", heard.difference);
  if (!live) return right ? 0 : 1;
  const double block_ms = 1e3 * kFrames / kRate;
  std::printf("%.0f s: %d overloads, frames out less frames in %" G_GINT64_FORMAT
              ", heard %.1f to %.1f ms after, of %.1f ms told\n",
              double(frames) / kRate, overloads, heard.frames - frames, double(heard.soonest) / 1e6,
              double(heard.latest) / 1e6, double(latency) / 1e6);
  right &=
      check(overloads == 0, "no overload", overloads) &
      check(latency_then == latency, "the same latency at the end", double(latency_then)) &
      check(double(heard.latest) / 1e6 <= double(latency) / 1e6 + block_ms,
            "nothing later than the latency told and a block (ms)", double(heard.latest) / 1e6);
  if (!right && late > GST_SECOND) {
    std::printf("skipped: the machine stood still for %.1f s\n", double(late) / 1e9);
    return 77;
  }
  return right ? 0 : 1;
}

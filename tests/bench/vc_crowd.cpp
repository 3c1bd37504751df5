// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// How many live conversions one machine carries:
//   vc_crowd [CONVERSIONS] [SECONDS] [PROPERTY=VALUE...]
// As many live sources (8 unless told) speak at once for that long (60 s), each in a pipeline of
// its own, what the model in the tree says of a few sentences. Prints overloads, how late chunks
// were, and the work on a second of speech; fails when anything was lost. Run it inside
// `meson devenv`.
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr int kRateHz = 16000;
constexpr std::size_t kPiece = 160;  // samples, 10 ms
constexpr char kText[] =
    "The train to the coast leaves in ten minutes, and the platform has changed. You have two new "
    "messages, and one of them is urgent. Turn left at the next corner, then go straight on until "
    "you see the river. The temperature will fall during the night.";

GstElement* parse(const std::string& launch) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(launch.c_str(), &error);
  if (error) throw std::runtime_error(error->message);
  return pipeline;
}

GstMessage* wait_for(GstElement* pipeline, GstMessageType types) {
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message =
      gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, GstMessageType(types | GST_MESSAGE_ERROR));
  gst_object_unref(bus);
  if (!message) throw std::runtime_error("nothing came for a minute");
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    throw std::runtime_error(error->message);
  }
  return message;
}

// Ends in half a second of silence, so that it can be said again and again.
std::vector<std::int16_t> speech() {
  GstElement* pipeline =
      parse(std::string("chatterboxtts seed=1 text=\"") + kText +
            "\" ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! "
            "appsink name=out sync=false");
  GstElement* out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::vector<std::int16_t> samples;
  while (GstSample* sample = gst_app_sink_pull_sample(GST_APP_SINK(out))) {
    GstMapInfo map;
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    const auto* begin = reinterpret_cast<const std::int16_t*>(map.data);
    samples.insert(samples.end(), begin, begin + map.size / sizeof(std::int16_t));
    gst_buffer_unmap(buffer, &map);
    gst_sample_unref(sample);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(out);
  gst_object_unref(pipeline);
  if (samples.size() < std::size_t(kRateHz)) throw std::runtime_error("expected speech, got none");
  samples.resize((samples.size() + kRateHz / 2) / kPiece * kPiece);
  return samples;
}

class Conversion {
 public:
  Conversion(const std::vector<std::int16_t>& speech, std::size_t begin,
             const std::string& settings)
      : speech_(speech), at_(begin / kPiece * kPiece) {
    pipeline_ = parse(
        "appsrc name=in is-live=true format=time min-latency=10000000 "
        "caps=audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved ! "
        "chatterboxvc name=vc " +
        settings + " ! queue ! fakesink sync=true");
    in_ = gst_bin_get_by_name(GST_BIN(pipeline_), "in");
    vc_ = gst_bin_get_by_name(GST_BIN(pipeline_), "vc");
    gst_element_set_state(pipeline_, GST_STATE_PAUSED);
    GstProgressType type = GST_PROGRESS_TYPE_START;
    while (type != GST_PROGRESS_TYPE_COMPLETE) {
      GstMessage* message = wait_for(pipeline_, GST_MESSAGE_PROGRESS);
      gst_message_parse_progress(message, &type, nullptr, nullptr);
      gst_message_unref(message);
    }
  }
  ~Conversion() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(vc_);
    gst_object_unref(in_);
    gst_object_unref(pipeline_);
  }
  Conversion(const Conversion&) = delete;
  Conversion& operator=(const Conversion&) = delete;

  void play() { gst_element_set_state(pipeline_, GST_STATE_PLAYING); }

  // What has been spoken by now.
  void feed() {
    const GstClockTime now = gst_element_get_current_running_time(pipeline_);
    if (!GST_CLOCK_TIME_IS_VALID(now)) return;
    for (;;) {
      const GstClockTime begin = gst_util_uint64_scale(pushed_, GST_SECOND, kRateHz);
      const GstClockTime duration = GST_SECOND * kPiece / kRateHz;
      if (begin + duration > now) return;
      GstBuffer* buffer = gst_buffer_new_memdup(speech_.data() + at_, kPiece * 2);
      GST_BUFFER_PTS(buffer) = begin;
      GST_BUFFER_DURATION(buffer) = duration;
      gst_app_src_push_buffer(GST_APP_SRC(in_), buffer);
      pushed_ += kPiece;
      at_ = (at_ + kPiece) % speech_.size();
    }
  }
  void end() {
    gst_app_src_end_of_stream(GST_APP_SRC(in_));
    gst_message_unref(wait_for(pipeline_, GST_MESSAGE_EOS));
  }

  GstStructure* stats() {
    GstStructure* stats = nullptr;
    g_object_get(vc_, "stats", &stats, nullptr);
    return stats;
  }

 private:
  const std::vector<std::int16_t>& speech_;
  std::size_t at_;
  guint64 pushed_ = 0;
  GstElement* pipeline_ = nullptr;
  GstElement *in_ = nullptr, *vc_ = nullptr;
};

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
}

guint64 number(const GstStructure* stats, const char* name) {
  guint64 value = 0;
  gst_structure_get_uint64(stats, name, &value);
  return value;
}

bool run(int count, double seconds, const std::string& settings) {
  const std::vector<std::int16_t> samples = speech();
  std::vector<std::unique_ptr<Conversion>> crowd;
  // Each begins elsewhere in the speech: no two are silent together.
  for (int i = 0; i < count; ++i)
    crowd.push_back(std::make_unique<Conversion>(
        samples, samples.size() * std::size_t(i) / std::size_t(count), settings));
  for (const auto& conversion : crowd) conversion->play();
  const double work = processor_seconds();
  const gint64 start = g_get_monotonic_time();
  while (double(g_get_monotonic_time() - start) < seconds * G_USEC_PER_SEC) {
    for (const auto& conversion : crowd) conversion->feed();
    g_usleep(5000);
  }
  for (const auto& conversion : crowd) conversion->end();
  const double took = double(g_get_monotonic_time() - start) / G_USEC_PER_SEC;

  guint64 overloads = 0, late = 0, discarded = 0, slowest = 0;
  double factor = 0;
  for (const auto& conversion : crowd) {
    GstStructure* stats = conversion->stats();
    overloads += number(stats, "overloads");
    late += number(stats, "late");
    discarded += number(stats, "discarded");
    slowest = std::max(slowest, number(stats, "slowest-chunk"));
    gdouble own = 0;
    gst_structure_get_double(stats, "real-time-factor", &own);
    factor += own / count;
    gst_structure_free(stats);
  }
  std::printf("%d conversions for %.0f s: overloads %" G_GUINT64_FORMAT
              ", lost %.2f s, late chunks %" G_GUINT64_FORMAT
              ", slowest chunk %.0f ms, work on a second of speech %.3f s, cores in use %.2f\n",
              count, seconds, overloads, double(discarded) / GST_SECOND, late,
              double(slowest) / GST_MSECOND, factor, (processor_seconds() - work) / took);
  return overloads == 0;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  std::vector<std::string> numbers;
  std::string settings;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.find('=') == std::string::npos)
      numbers.push_back(argument);
    else
      settings += argument + " ";
  }
  const int count = numbers.empty() ? 8 : std::atoi(numbers[0].c_str());
  const double seconds = numbers.size() < 2 ? 60 : std::atof(numbers[1].c_str());
  if (count < 1 || seconds <= 0) {
    std::fprintf(stderr, "usage: %s [CONVERSIONS] [SECONDS] [PROPERTY=VALUE...]\n", argv[0]);
    return 2;
  }
  try {
    return run(count, seconds, settings) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

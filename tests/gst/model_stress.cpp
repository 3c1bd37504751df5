// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// model_stress ELEMENT ROUNDS [MS]: the plugin with the model of the tree, in a pipeline whose
// state, position, voice and text change at random moments, more often than any of them can be
// finished. Fails when a change takes longer than MS, when the pipeline reports an error, or when
// the element does nothing useful afterwards.
#include <gst/gst.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

struct Subject {
  const char* element;
  const char* pipeline;
  // Something of its own to do at random.
  void (*disturb)(GstElement* element, std::mt19937& random);
};

const char* any_voice(std::mt19937& random) {
  const char* voices[] = {"", "Abigail", "Adrian"};
  return voices[random() % 3];
}

void disturb_tts(GstElement* tts, std::mt19937& random) {
  gboolean done = FALSE;
  switch (random() % 5) {
    case 0:
      g_signal_emit_by_name(tts, "interrupt", gboolean(random() % 2));
      break;
    case 1:
      g_signal_emit_by_name(tts, "drain");
      break;
    case 2:
      g_signal_emit_by_name(tts, "say", "One more thing. ", &done);
      break;
    case 3:
      g_object_set(tts, "voice", any_voice(random), nullptr);
      break;
    default:
      g_object_set(tts, "rate", 0.8 + 0.1 * double(random() % 5), nullptr);
  }
}

void disturb_vc(GstElement* vc, std::mt19937& random) {
  switch (random() % 3) {
    case 0:
      g_object_set(vc, "voice", any_voice(random), nullptr);
      break;
    case 1:
      g_object_set(vc, "bypass", gboolean(random() % 2), nullptr);
      break;
    default:
      g_object_set(vc, "chunk-size", guint(1 + random() % 8), nullptr);
  }
}

void disturb_clone(GstElement* clone, std::mt19937& random) {
  gboolean done = FALSE;
  switch (random() % 3) {
    case 0:
      g_signal_emit_by_name(clone, "start", &done);
      break;
    case 1:
      g_signal_emit_by_name(clone, "finish", &done);
      break;
    default:
      g_signal_emit_by_name(clone, "cancel");
  }
}

const Subject kSubjects[] = {
    {"chatterboxtts",
     "chatterboxtts name=it text=\"This is a text. It has some sentences. They are spoken.\" ! "
     "fakesink sync=true",
     disturb_tts},
    {"chatterboxvc",
     "audiotestsrc samplesperbuffer=480 wave=pink-noise ! audio/x-raw,rate=48000 ! "
     "chatterboxvc name=it chunk-size=2 ! fakesink sync=true",
     disturb_vc},
    {"chatterboxclone",
     "audiotestsrc wave=pink-noise ! audio/x-raw,rate=16000 ! chatterboxclone name=it "
     "voice-name=Stress overwrite=true min-duration=1000 duration=1500 ! fakesink",
     disturb_clone},
};

// Errors are whatever ends the pipeline; a clone of noise may fail, which is a warning.
bool reports_errors(GstBus* bus) {
  GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  if (!message) return false;
  GError* error = nullptr;
  gchar* details = nullptr;
  gst_message_parse_error(message, &error, &details);
  std::printf("an error of %s: %s\n%s\n", GST_MESSAGE_SRC_NAME(message), error->message, details);
  return true;
}

// It still works: the pipeline, which is in NULL, plays.
bool works(GstElement* pipeline) {
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstElement* sink = nullptr;
  GstIterator* sinks = gst_bin_iterate_sinks(GST_BIN(pipeline));
  GValue item = G_VALUE_INIT;
  if (gst_iterator_next(sinks, &item) == GST_ITERATOR_OK)
    sink = GST_ELEMENT(g_value_dup_object(&item));
  g_value_unset(&item);
  gst_iterator_free(sinks);
  GstSample* sample = nullptr;
  for (int i = 0; i < 1200 && !sample; ++i) {
    g_usleep(50000);
    g_object_get(sink, "last-sample", &sample, nullptr);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  if (sample) gst_sample_unref(sample);
  return sample != nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const Subject* subject = nullptr;
  for (const Subject& each : kSubjects)
    if (argc > 2 && std::strcmp(argv[1], each.element) == 0) subject = &each;
  if (!subject) return 2;
  const int rounds = std::atoi(argv[2]);
  const double limit = argc > 3 ? std::atof(argv[3]) : 500;

  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(subject->pipeline, &error);
  if (error) return std::printf("%s\n", error->message), 1;
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), "it");
  GstBus* bus = gst_element_get_bus(pipeline);
  std::mt19937 random(7);
  double slowest = 0;
  const char* what = "nothing";
  const auto timed = [&](const char* name, const auto& action) {
    const auto begin = Clock::now();
    action();
    const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
    if (took.count() > slowest) slowest = took.count(), what = name;
  };
  const GstState states[] = {GST_STATE_NULL,    GST_STATE_READY,   GST_STATE_PAUSED,
                             GST_STATE_PLAYING, GST_STATE_PLAYING, GST_STATE_PLAYING};
  bool failed = false;
  for (int i = 0; i < rounds && !failed; ++i) {
    const GstState state = states[random() % G_N_ELEMENTS(states)];
    timed(gst_element_state_get_name(state), [&] { gst_element_set_state(pipeline, state); });
    if (random() % 2) timed("a disturbance", [&] { subject->disturb(element, random); });
    if (random() % 5 == 0)
      timed("a seek", [&] {
        gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                random() % GST_SECOND);
      });
    // Most rounds end in the middle of something, some get as far as speech.
    g_usleep(random() % (random() % 8 ? 10000 : 300000));
    failed = reports_errors(bus);
  }
  timed("the end", [&] { gst_element_set_state(pipeline, GST_STATE_NULL); });
  std::printf("%s, %d rounds: slowest was %s, %.0f ms\n", subject->element, rounds, what, slowest);
  failed = failed || slowest > limit || reports_errors(bus);
  gst_bus_set_flushing(bus, TRUE);
  if (!failed && !works(pipeline)) failed = std::printf("nothing is heard any more\n") > 0;
  gst_object_unref(bus);
  gst_object_unref(element);
  gst_object_unref(pipeline);
  return failed ? 1 : 0;
}

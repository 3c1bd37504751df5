// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// When a voice is made, when not, and what is told of it.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "background.h"
#include "chatterbox/audio_file.h"
#include "chatterbox/voice_library.h"
#include "clone_cases.h"
#include "clone_fixture.h"
#include "stopwatch.h"

using namespace chatterbox;
using namespace chatterbox::gst;

namespace fs = std::filesystem;

// EOS leaves only when the voice is on disk, and all that was told came before.
GST_START_TEST(test_eos) {
  CloneHarness clone({{"voice-name", "Me"}, {"description", "the one who tests"}});
  voice_maker_scenario().per_voice = std::chrono::milliseconds(50);
  clone.start();
  clone.push(babble(4));
  clone.expect_state("collecting");
  clone.eos();
  fail_unless(clone.ended());
  clone.expect_state("done");

  const VoiceEntry voice = library(clone).find("me");
  fail_unless(voice.own);
  assert_same(voice.description, "the one who tests");
  const Audio recording = read_audio_file(voice.path);
  fail_unless_equals_int(recording.rate_hz, 16000);
  fail_unless(std::abs(recording.seconds() - 4) < 0.3, "%g s", recording.seconds());

  gchar* id = nullptr;
  g_object_get(clone.element(), "voice-id", &id, nullptr);
  fail_unless_equals_string(id, voice.id.c_str());
  g_free(id);
}
GST_END_TEST;

GST_START_TEST(test_created_message) {
  CloneHarness clone;
  clone.start();
  clone.push(babble(4));
  clone.eos();
  GstStructure* fields = clone.report("chatterbox/voice-created");
  const VoiceEntry voice = library(clone).find("Me");
  // The path, since the library is one that other elements do not look into.
  assert_same(text(fields, "voice"), voice.path);
  assert_same(text(fields, "voice-id"), voice.id);
  assert_same(text(fields, "location"), voice.path);
  assert_same(text(fields, "model"), "0123456789abcdef");
  gint rate = 0;
  fail_unless(gst_structure_get_int(fields, "sample-rate", &rate) && rate == 16000);
  guint64 duration = 0;
  fail_unless(gst_structure_get_uint64(fields, "duration", &duration));
  fail_unless(std::abs(double(duration) / GST_SECOND - voice.seconds) < 0.001);
  // A sine of 0.3: -10.5 dB peak, -13.5 dB RMS, over noise of -65 dB.
  fail_unless(std::abs(number(fields, "level-rms") + 13.5) < 1);
  fail_unless(std::abs(number(fields, "peak") + 10.5) < 0.5);
  fail_unless(std::abs(number(fields, "snr") - 51) < 3, "%g dB", number(fields, "snr"));
  fail_unless_equals_float(number(fields, "clipping"), 0);
  const GValue* warnings = gst_structure_get_value(fields, "warnings");
  fail_unless_equals_int(int(gst_value_array_get_size(warnings)), 1);  // short
  gst_structure_free(fields);
}
GST_END_TEST;

// Elements downstream learn of the voice before the end of the stream.
GST_START_TEST(test_event_downstream) {
  CloneHarness clone({{"voice-name", "Me"}, {"speaker", "Ada"}});
  clone.start();
  clone.push(babble(4));
  clone.eos();
  std::string voice, speaker;
  bool eos_came_before = false, eos = false;
  while (GstEvent* event = gst_harness_try_pull_event(clone.get())) {
    eos |= GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    if (gst_event_has_name(event, "chatterbox/speaker-voice")) {
      fail_unless_equals_int(GST_EVENT_TYPE(event), GST_EVENT_CUSTOM_DOWNSTREAM_OOB);
      voice = text(gst_event_get_structure(event), "voice");
      speaker = text(gst_event_get_structure(event), "speaker");
      eos_came_before = eos;
    }
    gst_event_unref(event);
  }
  assert_same(voice, library(clone).find("Me").path);
  assert_same(speaker, "Ada");
  fail_unless(eos && !eos_came_before);
}
GST_END_TEST;

// A conversion behind the cloner goes on in the new voice, which the scripted one
// says half as loud.
GST_START_TEST(test_next_element_takes_it) {
  reset_scenario();
  reset_voice_maker_scenario();
  TemporaryDirectory directory;
  const std::string launch =
      "chatterboxclone voice-name=Me duration=2000 min-duration=1000 voice-library=" +
      directory.path("library") + " ! chatterboxvc";
  GstHarness* harness = gst_harness_new_parse(launch.c_str());
  gst_harness_set_live(harness, FALSE);
  gst_harness_set_sink_caps_str(harness, "audio/x-raw,format=F32LE,rate=24000");
  gst_harness_set_src_caps_str(harness,
                               "audio/x-raw,format=F32LE,rate=16000,channels=1,layout=interleaved");
  GstClockTime time = 0;
  const auto speak = [&](double seconds) {
    const std::vector<float> speech = babble(seconds);
    GstBuffer* buffer = gst_buffer_new_memdup(speech.data(), speech.size() * sizeof(float));
    GST_BUFFER_PTS(buffer) = time;
    time += gst_util_uint64_scale(speech.size(), GST_SECOND, 16000);
    fail_unless_equals_int(gst_harness_push(harness, buffer), GST_FLOW_OK);
  };
  std::vector<float> heard;
  const auto hear = [&](std::size_t samples) {
    while (heard.size() < samples) {
      GstBuffer* buffer = gst_harness_pull(harness);
      fail_unless(buffer != nullptr, "%zu samples came", heard.size());
      const std::size_t before = heard.size(), count = gst_buffer_get_size(buffer) / sizeof(float);
      heard.resize(before + count);
      gst_buffer_extract(buffer, 0, heard.data() + before, count * sizeof(float));
      gst_buffer_unref(buffer);
    }
  };
  speak(1.5);   // too little for a voice
  hear(24000);  // in the old one
  speak(2.5);
  wait_for_background();  // the voice is made, and read by the next element
  speak(4);
  gst_harness_push_event(harness, gst_event_new_eos());
  hear(8 * 24000);
  const auto loudest = [](auto begin, auto end) { return *std::max_element(begin, end); };
  fail_unless(std::abs(loudest(heard.begin(), heard.begin() + 24000) - 0.3F) < 0.02F);
  fail_unless(std::abs(loudest(heard.end() - 48000, heard.end()) - 0.15F) < 0.02F);
  gst_harness_teardown(harness);
  wait_for_background();
}
GST_END_TEST;

// The user's own library, where other elements look: its voices go by name.
GST_START_TEST(test_own_library) {
  TemporaryDirectory data;
  const std::string before = g_getenv("XDG_DATA_HOME");
  g_setenv("XDG_DATA_HOME", data.path("").c_str(), TRUE);
  {
    CloneHarness clone({{"voice-name", "Me"}, {"voice-library", ""}});
    clone.start();
    clone.push(babble(4));
    clone.eos();
    GstStructure* fields = clone.report("chatterbox/voice-created");
    assert_same(text(fields, "voice"), "Me");
    fail_unless(text(fields, "location").starts_with(data.path("")));
    gst_structure_free(fields);
    fail_unless(VoiceLibrary().find("Me").own);
  }
  g_setenv("XDG_DATA_HOME", before.c_str(), TRUE);
}
GST_END_TEST;

// Enough speech: the voice is made while the stream goes on.
GST_START_TEST(test_duration) {
  CloneHarness clone({{"voice-name", "Me"}, {"duration", "5000"}});
  clone.start();
  clone.push(babble(4));
  clone.expect_state("collecting");
  fail_unless_equals_int(clone.push(babble(3)), GST_FLOW_OK);
  clone.await_state("done");
  fail_unless(!clone.ended());
  fail_unless_equals_float(library(clone).find("Me").seconds, 5.0);
  // What comes later changes nothing.
  clone.push(babble(6));
  clone.eos();
  fail_unless(clone.ended());
  fail_unless_equals_int(voice_maker_scenario().made, 1);
}
GST_END_TEST;

// Silence and gaps do not count, however long they last.
GST_START_TEST(test_silence_is_left_out) {
  CloneHarness clone({{"voice-name", "Me"}, {"duration", "5000"}, {"min-duration", "1000"}});
  clone.start();
  clone.push(std::vector<float>(16000 * 20, 0.0F));
  clone.push(babble(3));
  clone.push(std::vector<float>(16000 * 20, 0.001F));
  clone.push(babble(2), GST_BUFFER_FLAG_GAP);
  clone.expect_state("collecting");
  clone.eos();
  const double seconds = library(clone).find("Me").seconds;
  fail_unless(seconds > 2.5 && seconds < 3.5, "%g s", seconds);
}
GST_END_TEST;

GST_START_TEST(test_finish_signal) {
  CloneHarness clone;
  clone.start();
  clone.push(babble(4));
  fail_unless(clone.call("finish"));
  clone.await_state("done");
  fail_unless(!clone.call("finish"));
  fail_unless(library(clone).contains("Me"));
}
GST_END_TEST;

GST_START_TEST(test_save_on_eos_off) {
  CloneHarness clone({{"voice-name", "Me"}, {"save-on-eos", "false"}});
  clone.start();
  clone.push(babble(4));
  clone.eos();
  fail_unless(clone.ended());
  clone.expect_state("idle");
  fail_unless(!library(clone).contains("Me"));
}
GST_END_TEST;

// One voice after the other from one stream.
GST_START_TEST(test_start_signal) {
  CloneHarness clone({});
  clone.start();
  clone.push(babble(4));
  clone.expect_state("idle");
  fail_unless(!clone.call("start"));  // no name yet
  clone.expect(GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "bad-name");
  for (const char* name : {"Ada", "Bert"}) {
    g_object_set(clone.element(), "voice-name", name, nullptr);
    fail_unless(clone.call("start"));
    clone.push(babble(4));
    fail_unless(clone.call("finish"));
    clone.await_state("done");
    fail_unless(library(clone).contains(name));
  }
  fail_unless(!clone.call("start"));  // taken
  clone.expect(GST_MESSAGE_WARNING, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "taken");
  fail_unless_equals_int(int(library(clone).list().size()), 2);
}
GST_END_TEST;

GST_START_TEST(test_cancel_signal) {
  CloneHarness clone;
  voice_maker_scenario().per_voice = std::chrono::seconds(20);
  clone.start();
  clone.push(babble(4));
  clone.call("cancel");
  clone.expect_state("idle");
  fail_unless(!clone.call("finish"));

  fail_unless(clone.call("start"));
  clone.push(babble(4));
  fail_unless(clone.call("finish"));
  clone.expect_state("saving");
  clone.await_making();
  clone.call("cancel");
  clone.eos();
  fail_unless(clone.ended());
  clone.expect_state("idle");
  fail_unless(!library(clone).contains("Me"));
}
GST_END_TEST;

// Cancelled when the engine was about to begin: no voice is made.
GST_START_TEST(test_cancel_before_voice) {
  CloneHarness clone;
  voice_maker_scenario().per_voice = std::chrono::seconds(20);
  voice_maker_scenario().before_voice = [&] { clone.call("cancel"); };
  clone.start();
  clone.push(babble(4));
  fail_unless(clone.call("finish"));
  clone.await_state("idle");
  wait_for_background();
  fail_unless_equals_int(voice_maker_scenario().made, 0);
  fail_unless(!library(clone).contains("Me"));
  // And it was not for the next one.
  voice_maker_scenario().per_voice = std::chrono::milliseconds(0);
  fail_unless(clone.call("start"));
  clone.push(babble(4));
  fail_unless(clone.call("finish"));
  clone.await_state("done");
}
GST_END_TEST;

// What came before a flush belongs to something else.
GST_START_TEST(test_flush_discards) {
  CloneHarness clone;
  clone.start();
  clone.push(babble(4));
  clone.flush();
  clone.expect_state("collecting");
  clone.push(babble(1));
  clone.eos();
  clone.expect(GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "too-short");
}
GST_END_TEST;

namespace {

// Holds EOS in another thread, and sees it let go when `release` says so.
template <class Release>
void test_released_by(Release&& release) {
  CloneHarness clone;
  voice_maker_scenario().per_voice = std::chrono::seconds(20);
  clone.start();
  clone.push(babble(4));
  std::thread streaming([&] { clone.eos(); });
  clone.await_making();
  fail_unless(!clone.ended());
  const Stopwatch watch;
  release(clone);
  streaming.join();
  const double took = watch.milliseconds();
  fail_unless(took < 2000, "took %g ms", took);
  clone.call("cancel");
}

}  // namespace

GST_START_TEST(test_flush_releases_eos) {
  test_released_by([](CloneHarness& clone) { clone.flush(); });
}
GST_END_TEST;

GST_START_TEST(test_state_change_releases_eos) {
  test_released_by([](CloneHarness& clone) {
    gst_element_set_state(clone.element(), GST_STATE_READY);
    clone.expect_state("idle");
  });
}
GST_END_TEST;

GST_START_TEST(test_cancel_releases_eos) {
  test_released_by([](CloneHarness& clone) { clone.call("cancel"); });
}
GST_END_TEST;

// Only while upstream says that our speaker speaks.
GST_START_TEST(test_speaker) {
  CloneHarness clone({{"voice-name", "Me"}, {"speaker", "Ada"}, {"min-duration", "1000"}});
  clone.start();
  const auto speaks = [&](const char* name) {
    gst_harness_push_event(
        clone.get(),
        gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                             gst_structure_new("rstranscribe/speaker-change", "speaker",
                                               G_TYPE_STRING, name, nullptr)));
  };
  speaks("Bert");
  clone.push(babble(4));
  speaks("Ada");
  clone.push(babble(2));
  speaks("Bert");
  clone.push(babble(4));
  clone.eos();
  const double seconds = library(clone).find("Me").seconds;
  fail_unless(std::abs(seconds - 2) < 0.3, "%g s", seconds);
}
GST_END_TEST;

// Progress begins, grows, and completes.
GST_START_TEST(test_progress) {
  CloneHarness clone({{"voice-name", "Me"}, {"duration", "5000"}});
  clone.start();
  clone.push(babble(6));
  clone.eos();
  GstBus* bus = gst_element_get_bus(clone.element());
  std::vector<GstProgressType> types;
  gint last = -1;
  while (GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_PROGRESS)) {
    GstProgressType type;
    gchar* code = nullptr;
    gst_message_parse_progress(message, &type, &code, nullptr);
    fail_unless_equals_string(code, "clone");
    g_free(code);
    gint percent = -1;
    gst_structure_get_int(gst_message_get_structure(message), "percent", &percent);
    fail_unless(percent >= last);
    last = percent;
    types.push_back(type);
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  fail_unless(types.size() > 6);
  fail_unless_equals_int(types.front(), GST_PROGRESS_TYPE_START);
  fail_unless_equals_int(types.back(), GST_PROGRESS_TYPE_COMPLETE);
  fail_unless_equals_int(last, 100);
}
GST_END_TEST;

TCase* clone_saving_cases() {
  TCase* cases = tcase_create("saving");
  tcase_add_test(cases, test_eos);
  tcase_add_test(cases, test_created_message);
  tcase_add_test(cases, test_event_downstream);
  tcase_add_test(cases, test_next_element_takes_it);
  tcase_add_test(cases, test_own_library);
  tcase_add_test(cases, test_duration);
  tcase_add_test(cases, test_silence_is_left_out);
  tcase_add_test(cases, test_finish_signal);
  tcase_add_test(cases, test_save_on_eos_off);
  tcase_add_test(cases, test_start_signal);
  tcase_add_test(cases, test_cancel_signal);
  tcase_add_test(cases, test_cancel_before_voice);
  tcase_add_test(cases, test_flush_discards);
  tcase_add_test(cases, test_flush_releases_eos);
  tcase_add_test(cases, test_state_change_releases_eos);
  tcase_add_test(cases, test_cancel_releases_eos);
  tcase_add_test(cases, test_speaker);
  tcase_add_test(cases, test_progress);
  return cases;
}

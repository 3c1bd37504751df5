// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// No voice is made, and why.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "chatterbox/audio_file.h"
#include "chatterbox/voice_library.h"
#include "clone_cases.h"
#include "clone_fixture.h"

using namespace chatterbox;
using namespace chatterbox::gst;

namespace fs = std::filesystem;

namespace {

struct Recording {
  const char* reason;
  std::vector<float> samples;
};

std::vector<float> noise(double seconds, float level) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> sample(-level, level);
  std::vector<float> samples(std::size_t(seconds * 16000));
  std::generate(samples.begin(), samples.end(), [&] { return sample(random); });
  return samples;
}

std::vector<float> distorted(double seconds) {
  std::vector<float> samples = babble(seconds, 3.0);
  for (float& sample : samples) sample = std::clamp(sample, -1.0F, 1.0F);
  return samples;
}

}  // namespace

// A bad recording is a warning with a reason: the stream goes on and ends.
GST_START_TEST(test_bad_recordings) {
  const Recording recordings[] = {
      {"silent", {}},
      {"silent", std::vector<float>(16000 * 5, 0.0F)},
      {"silent", noise(5, 0.001F)},
      {"too-short", babble(1.5)},
      {"noisy", noise(5, 0.3F)},
      {"clipped", distorted(5)},
  };
  for (const Recording& recording : recordings) {
    CloneHarness clone;
    clone.start();
    fail_unless_equals_int(clone.push(recording.samples), GST_FLOW_OK);
    clone.eos();
    fail_unless(clone.ended());
    clone.expect_state("failed");
    GstStructure* fields = clone.report("chatterbox/voice-failed");
    assert_same(text(fields, "reason"), recording.reason);
    fail_unless(!text(fields, "message").empty());
    gst_structure_free(fields);
    clone.expect(GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, recording.reason);
    fail_unless(!library(clone).contains("Me"));
  }
}
GST_END_TEST;

// More than the settings want may be too little for the model.
GST_START_TEST(test_too_short_for_the_model) {
  CloneHarness clone;
  voice_maker_scenario().min_seconds = 5;
  clone.start();
  clone.push(babble(4));
  clone.eos();
  fail_unless(clone.ended());
  GstStructure* fields = clone.report("chatterbox/voice-failed");
  assert_same(text(fields, "reason"), "too-short");
  fail_unless(text(fields, "message").starts_with("expected more than 5.0 s for this model, got "));
  gst_structure_free(fields);
  clone.expect(GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "too-short");
  fail_unless_equals_int(voice_maker_scenario().begun, 0);
}
GST_END_TEST;

// A name that cannot be used is an error before anything flows.
GST_START_TEST(test_bad_names) {
  for (const char* name : {"a/b", ".hidden", "tab\there", " me", "deadbeef"}) {
    CloneHarness clone({});
    gst_element_set_state(clone.element(), GST_STATE_READY);
    g_object_set(clone.element(), "voice-name", name, nullptr);
    fail_unless_equals_int(gst_element_set_state(clone.element(), GST_STATE_PAUSED),
                           GST_STATE_CHANGE_FAILURE);
    clone.expect(GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "bad-name");
  }
}
GST_END_TEST;

GST_START_TEST(test_taken_name) {
  CloneHarness clone({});
  const VoiceEntry old = library(clone).add({"Me"}, {babble(2), 16000});
  gst_element_set_state(clone.element(), GST_STATE_READY);
  g_object_set(clone.element(), "voice-name", "me", nullptr);
  fail_unless_equals_int(gst_element_set_state(clone.element(), GST_STATE_PAUSED),
                         GST_STATE_CHANGE_FAILURE);
  clone.expect(GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "taken");

  g_object_set(clone.element(), "overwrite", TRUE, nullptr);
  gst_element_set_state(clone.element(), GST_STATE_PLAYING);
  clone.start();
  clone.push(babble(4));
  clone.eos();
  const VoiceEntry again = library(clone).find("Me");
  fail_unless_equals_string(again.id.c_str(), old.id.c_str());
  fail_unless(again.seconds > 3);
}
GST_END_TEST;

// Somebody takes the name while we listen.
GST_START_TEST(test_name_taken_meanwhile) {
  CloneHarness clone;
  clone.start();
  clone.push(babble(4));
  library(clone).add({"Me"}, {babble(2), 16000});
  clone.eos();
  fail_unless(clone.ended());
  clone.expect(GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "taken");
  fail_unless_equals_float(library(clone).find("Me").seconds, 2.0);
}
GST_END_TEST;

GST_START_TEST(test_unwritable_directory) {
  CloneHarness clone({{"voice-name", "Me"}, {"voice-library", "/proc/voices"}});
  clone.start();
  clone.push(babble(4));
  clone.eos();
  fail_unless(clone.ended());
  clone.expect(GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, "disk");
}
GST_END_TEST;

// The library and the file: both, or neither.
GST_START_TEST(test_location) {
  CloneHarness clone({});
  const std::string file = clone.path("me.safetensors");
  g_object_set(clone.element(), "voice-name", "Me", "location", file.c_str(), nullptr);
  fail_unless(clone.call("start"));
  clone.start();
  clone.push(babble(4));
  clone.eos();
  fail_unless(fs::exists(file));
  fail_unless(library(clone).contains("Me"));
  g_object_set(clone.element(), "voice-name", "Other", nullptr);
  fail_unless(!clone.call("start"));  // the file exists
  g_object_set(clone.element(), "location", clone.path("no/me.safetensors").c_str(), nullptr);
  fail_unless(clone.call("start"));
  clone.push(babble(4));
  fail_unless(clone.call("finish"));
  clone.await_state("failed");
  fail_unless(!library(clone).contains("Other"));
}
GST_END_TEST;

GST_START_TEST(test_location_alone) {
  CloneHarness clone({});
  const std::string file = clone.path("me.safetensors");
  g_object_set(clone.element(), "location", file.c_str(), nullptr);
  fail_unless(clone.call("start"));
  clone.start();
  clone.push(babble(4));
  clone.eos();
  GstStructure* fields = clone.report("chatterbox/voice-created");
  assert_same(text(fields, "voice"), file);
  gst_structure_free(fields);
  fail_unless(fs::exists(file));
  fail_unless(!fs::exists(clone.library()));
}
GST_END_TEST;

GST_START_TEST(test_model_failures) {
  {
    CloneHarness clone;
    voice_maker_scenario().fail = true;
    clone.start();
    clone.push(babble(4));
    clone.eos();
    fail_unless(clone.ended());
    clone.expect(GST_MESSAGE_ERROR, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED, "model");
    fail_unless(!library(clone).contains("Me"));
  }
  // A model that is not there is known before the end.
  CloneHarness clone({{"voice-name", "Me"}, {"model-path", "/missing"}});
  clone.expect(GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "model");
  clone.await_state("failed");
}
GST_END_TEST;

TCase* clone_failure_cases() {
  TCase* cases = tcase_create("failures");
  tcase_add_test(cases, test_bad_recordings);
  tcase_add_test(cases, test_too_short_for_the_model);
  tcase_add_test(cases, test_bad_names);
  tcase_add_test(cases, test_taken_name);
  tcase_add_test(cases, test_name_taken_meanwhile);
  tcase_add_test(cases, test_unwritable_directory);
  tcase_add_test(cases, test_location);
  tcase_add_test(cases, test_location_alone);
  tcase_add_test(cases, test_model_failures);
  return cases;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// Failures become messages with the right codes, never crashes.
#include <string>

#include "tts_cases.h"
#include "tts_fixture.h"

using namespace chatterbox::gst;

namespace {

void speak(TtsHarness& tts, const char* text) {
  tts.start();
  tts.text(text);
}

}  // namespace

GST_START_TEST(test_missing_model) {
  TtsHarness tts({{"model-path", "/missing"}});
  speak(tts, "Hello.");
  tts.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  while (tts.text("more") == GST_FLOW_OK) g_usleep(1000);
  fail_unless_equals_int(tts.text("more"), GST_FLOW_ERROR);
  // Another path, and the same element works.
  gst_element_set_state(tts.element(), GST_STATE_READY);
  g_object_set(tts.element(), "model-path", "/there", nullptr);
  gst_element_set_state(tts.element(), GST_STATE_PLAYING);
  speak(tts, "Hello.");
  tts.eos();
  assert_text(tts.hear().text(), "Hello.");
}
GST_END_TEST;

GST_START_TEST(test_corrupt_model) {
  TtsHarness tts({{"model-path", "/corrupt"}});
  tts.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ);
}
GST_END_TEST;

GST_START_TEST(test_progress) {
  TtsHarness tts({{"model-path", "/missing"}});
  GstProgressType last = GST_PROGRESS_TYPE_START;
  bool error_came_first = false;
  while (last != GST_PROGRESS_TYPE_ERROR) {
    GstMessage* message = tts.message(GstMessageType(GST_MESSAGE_PROGRESS | GST_MESSAGE_ERROR));
    fail_unless(message != nullptr);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      error_came_first = true;
    } else {
      gchar* code = nullptr;
      gst_message_parse_progress(message, &last, &code, nullptr);
      fail_unless_equals_string(code, "open");
      g_free(code);
    }
    gst_message_unref(message);
  }
  fail_unless(error_came_first);
}
GST_END_TEST;

// Known before anything is loaded: the state change fails.
GST_START_TEST(test_unknown_voice) {
  GstElement* element = gst_element_factory_make("chatterboxtts", nullptr);
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  g_object_set(element, "voice", "adda", nullptr);
  fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED),
                         GST_STATE_CHANGE_FAILURE);
  GstMessage* message =
      gst_bus_pop_filtered(bus, GstMessageType(GST_MESSAGE_PROGRESS | GST_MESSAGE_ERROR));
  fail_unless(message != nullptr);
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  fail_unless(strstr(debug, "did you mean 'ada'") != nullptr, "%s", debug);
  g_error_free(error);
  g_free(debug);
  gst_message_unref(message);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  gst_object_unref(element);
}
GST_END_TEST;

// A loose file, a voice of an index by its name and its id, and a path.
GST_START_TEST(test_known_voice) {
  const char* voices[] = {"ada", "Bert", "bert", "0A1B2C3D", DOCS_DIR "/configuration.md"};
  for (const char* voice : voices) {
    TtsHarness tts({{"voice", voice}});
    speak(tts, "Hello.");
    tts.eos();
    assert_text(tts.hear().text(), "Hello.");
    GstStructure* start = tts.report("chatterbox/utterance-start");
    fail_unless_equals_string(gst_structure_get_string(start, "voice"), voice);
    gst_structure_free(start);
  }
}
GST_END_TEST;

// One that cannot be had while it speaks is worth a warning; the old one goes on.
GST_START_TEST(test_voice_unknown_while_playing) {
  const bool corrupt = __i__ == 1;
  TtsHarness tts({{"voice", "ada"}});
  speak(tts, "Hello.\n\nx");
  Heard heard;
  tts.hear_one(heard);
  g_object_set(tts.element(), "voice", corrupt ? "corrupt" : "nobody", nullptr);
  tts.text("Then something else.\n\nx");
  tts.eos();
  tts.hear();
  tts.expect_warning(GST_RESOURCE_ERROR,
                     corrupt ? GST_RESOURCE_ERROR_READ : GST_RESOURCE_ERROR_SETTINGS);
  for (const SpokenText& spoken : spoken_texts())
    fail_unless(spoken.voice.find("ada") != spoken.voice.npos, "%s", spoken.voice.c_str());
  GstBus* bus = gst_element_get_bus(tts.element());
  fail_unless(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR) == nullptr);
  gst_object_unref(bus);
}
GST_END_TEST;

GST_START_TEST(test_corrupt_voice) {
  TtsHarness tts({{"voice", "corrupt"}});
  tts.expect_error(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ);
}
GST_END_TEST;

struct FailureCase {
  const char* text;
  GQuark (*domain)();
  gint code;
};
static const FailureCase kFailures[] = {
    {"Well [fail] then.", gst_library_error_quark, GST_LIBRARY_ERROR_FAILED},
    {"Well [late] then.", gst_library_error_quark, GST_LIBRARY_ERROR_FAILED},
    {"Well [throw] then.", gst_library_error_quark, GST_LIBRARY_ERROR_FAILED},
    {"Well [memory] then.", gst_resource_error_quark, GST_RESOURCE_ERROR_NO_SPACE_LEFT},
};

GST_START_TEST(test_failures) {
  const FailureCase& c = kFailures[__i__];
  TtsHarness tts;
  speak(tts, c.text);
  gst_harness_push_event(tts.get(), gst_event_new_eos());
  tts.hear();  // up to the EOS that follows an error
  tts.expect_error(c.domain(), c.code);
}
GST_END_TEST;

GST_START_TEST(test_second_attempt) {
  TtsHarness tts;
  speak(tts, "Well [once] then.");
  tts.eos();
  assert_text(tts.hear().text(), "Well [once] then.");
  fail_unless_equals_int(scenario().utterances, 2);
}
GST_END_TEST;

GST_START_TEST(test_skip) {
  TtsHarness tts({{"on-error", "skip"}});
  tts.start(GST_FORMAT_TIME);
  tts.text("first", 0, GST_SECOND);
  tts.text("[fail]", GST_SECOND, GST_SECOND);
  tts.text("third", 2 * GST_SECOND, GST_SECOND);
  tts.eos();
  const Heard heard = tts.hear();
  assert_text(heard.text(), "firstthird");
  tts.expect_warning(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED);
}
GST_END_TEST;

// What downstream answers reaches upstream.
GST_START_TEST(test_downstream_flow) {
  static const struct {
    GstFlowReturn flow;
    bool is_error;
  } kFlows[] = {{GST_FLOW_EOS, false}, {GST_FLOW_ERROR, false}, {GST_FLOW_NOT_LINKED, true}};
  const auto& c = kFlows[__i__];
  static GstFlowReturn answer;
  answer = c.flow;
  TtsHarness tts;
  gst_pad_set_chain_function(tts.get()->sinkpad, [](GstPad*, GstObject*, GstBuffer* buffer) {
    gst_buffer_unref(buffer);
    return answer;
  });
  tts.start();
  GstFlowReturn flow = GST_FLOW_OK;
  while (flow == GST_FLOW_OK) {
    flow = tts.text("Sentence after sentence after sentence. ");
    g_usleep(1000);
  }
  fail_unless_equals_int(flow, c.flow);
  GstBus* bus = gst_element_get_bus(tts.element());
  GstMessage* message =
      gst_bus_timed_pop_filtered(bus, c.is_error ? 2 * GST_SECOND : 0, GST_MESSAGE_ERROR);
  fail_unless_equals_int(message != nullptr, c.is_error);
  if (message) gst_message_unref(message);
  gst_object_unref(bus);
}
GST_END_TEST;

GST_START_TEST(test_nothing_to_say) {
  TtsHarness tts({}, false);
  GstBus* bus = gst_element_get_bus(tts.element());
  GstMessage* message = gst_bus_timed_pop_filtered(bus, 10 * GST_SECOND, GST_MESSAGE_ERROR);
  fail_unless(message != nullptr);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
  g_error_free(error);
  gst_message_unref(message);
  gst_object_unref(bus);
}
GST_END_TEST;

// Where nothing can be linked any more nobody has to wait for the error.
GST_START_TEST(test_nothing_can_come) {
  reset_scenario();
  GstElement* pipeline = gst_parse_launch("chatterboxtts ! fakesink", nullptr);
  GstBus* bus = gst_element_get_bus(pipeline);
  const double took = milliseconds_of([&] {
    gst_element_set_state(pipeline, GST_STATE_PAUSED);
    GstMessage* message = gst_bus_timed_pop_filtered(bus, 10 * GST_SECOND, GST_MESSAGE_ERROR);
    fail_unless(message != nullptr);
    gst_message_unref(message);
  });
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
  fail_unless(took < 2000, "%g ms", took);
}
GST_END_TEST;

// A demuxer may still bring text.
GST_START_TEST(test_something_may_come) {
  reset_scenario();
  GstElement* pipeline = gst_parse_launch(
      "chatterboxtts ! fakesink appsrc is-live=true ! identity name=later", nullptr);
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PAUSED);
  GstMessage* message = gst_bus_timed_pop_filtered(bus, GST_SECOND, GST_MESSAGE_ERROR);
  fail_unless(message == nullptr);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
}
GST_END_TEST;

TCase* tts_error_cases() {
  TCase* cases = tcase_create("errors");
  tcase_add_test(cases, test_missing_model);
  tcase_add_test(cases, test_corrupt_model);
  tcase_add_test(cases, test_progress);
  tcase_add_test(cases, test_unknown_voice);
  tcase_add_test(cases, test_known_voice);
  tcase_add_loop_test(cases, test_voice_unknown_while_playing, 0, 2);
  tcase_add_test(cases, test_corrupt_voice);
  tcase_add_loop_test(cases, test_failures, 0, int(G_N_ELEMENTS(kFailures)));
  tcase_add_test(cases, test_second_attempt);
  tcase_add_test(cases, test_skip);
  tcase_add_loop_test(cases, test_downstream_flow, 0, 3);
  tcase_add_test(cases, test_nothing_to_say);
  tcase_add_test(cases, test_nothing_can_come);
  tcase_add_test(cases, test_something_may_come);
  return cases;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// A process may end at any moment of a load: exit_test runs itself again and
// again as `exit_test MILLISECONDS [stop]`, which starts to speak, waits that
// long, takes the pipeline down or not, and exits.
#include <gst/gst.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr int kLongestMs = 400;
constexpr int kStepMs = 20;

int speak_and_exit(int milliseconds, bool stop) {
  gst_init(nullptr, nullptr);
  GError* failure = nullptr;
  GstElement* pipeline = gst_parse_launch("chatterboxtts text=Hello. ! fakesink", &failure);
  if (!pipeline) {
    std::printf("%s\n", failure->message);
    return 2;
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* error =
      gst_bus_timed_pop_filtered(bus, milliseconds * GST_MSECOND, GST_MESSAGE_ERROR);
  if (stop) gst_element_set_state(pipeline, GST_STATE_NULL);
  return error ? 3 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) std::exit(speak_and_exit(std::atoi(argv[1]), argc > 2));
  int runs = 0, failures = 0;
  for (int delay = 0; delay <= kLongestMs; delay += kStepMs) {
    for (const char* how : {"", " stop"}) {
      const std::string command = std::string(argv[0]) + " " + std::to_string(delay) + how;
      const int status = std::system(command.c_str());
      if (status != 0) std::printf("FAIL  %s: status %d\n", command.c_str(), status);
      ++runs;
      failures += status != 0;
    }
  }
  std::printf("%d of %d exits failed\n", failures, runs);
  return failures ? 1 : 0;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// chatterboxtts over a scripted speech engine: behaviour, not sound.
#include <initializer_list>

#include "elements.h"
#include "tts_cases.h"

int main(int argc, char** argv) {
  gst_check_init(&argc, &argv);
  GST_ELEMENT_REGISTER(chatterboxtts, nullptr);
  Suite* suite = suite_create("chatterboxtts");
  for (TCase* cases :
       {tts_basic_cases(), tts_text_cases(), tts_timing_cases(), tts_live_cases(),
        tts_flush_cases(), tts_error_cases(), tts_stress_cases(), tts_voice_cases(),
        tts_word_cases(), tts_overflow_cases(), script_cases(), speech_thread_cases()})
    suite_add_tcase(suite, cases);
  // Ends GStreamer too, where the leaks tracer reports, and fails the process
  // when it was asked to.
  return gst_check_run_suite(suite, "chatterboxtts", __FILE__);
}

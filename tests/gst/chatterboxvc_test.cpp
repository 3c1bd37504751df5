// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// chatterboxvc over a scripted conversion: behaviour, not sound.
#include <initializer_list>

#include "elements.h"
#include "vc_cases.h"

int main(int argc, char** argv) {
  gst_check_init(&argc, &argv);
  GST_ELEMENT_REGISTER(chatterboxvc, nullptr);
  Suite* suite = suite_create("chatterboxvc");
  for (TCase* cases : {vc_basic_cases(), vc_stream_cases(), vc_live_cases(), vc_stress_cases()})
    suite_add_tcase(suite, cases);
  return gst_check_run_suite(suite, "chatterboxvc", __FILE__);
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// chatterboxclone over a scripted speech engine.
#include <initializer_list>

#include "clone_cases.h"
#include "elements.h"

int main(int argc, char** argv) {
  gst_check_init(&argc, &argv);
  GST_ELEMENT_REGISTER(chatterboxclone, nullptr);
  GST_ELEMENT_REGISTER(chatterboxvc, nullptr);
  Suite* suite = suite_create("chatterboxclone");
  for (TCase* cases :
       {clone_basic_cases(), clone_saving_cases(), clone_failure_cases(), clone_stress_cases()})
    suite_add_tcase(suite, cases);
  return gst_check_run_suite(suite, "chatterboxclone", __FILE__);
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

// A macro of this name breaks every standard header that comes later.
#undef fail

// A test's own scope ends, and its objects are destroyed, before GStreamer
// waits for the tasks that they run.
#undef GST_START_TEST
#define GST_START_TEST(name)                      \
  static void name(int __i__ G_GNUC_UNUSED) {     \
    GST_DEBUG("test start");                      \
    GST_DO_CHECK_TEST_ENVIRONMENT;                \
    tcase_fn_start("" #name, __FILE__, __LINE__); \
    {
#undef GST_END_TEST
#define GST_END_TEST      \
  }                       \
  gst_task_cleanup_all(); \
  END_TEST

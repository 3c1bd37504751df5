// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

// A macro of this name breaks every standard header that comes later.
#undef fail

namespace chatterbox::gst {

// A test that fails jumps out of its scope, and what it had running runs on. That ends with
// the process where every test has one of its own; where there is one for all (CK_FORK=no),
// others would wait for it forever, so the process ends here.
[[noreturn]] inline void check_failed(const char* file, int line, const char* what,
                                      const char* format, ...) {
  char text[2000] = "";
  if (format) {
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
  }
  if (g_strcmp0(g_getenv("CK_FORK"), "no") == 0) {
    std::fprintf(stderr, "%s:%d: %s %s\n", file, line, what, text);
    std::_Exit(1);
  }
  _ck_assert_failed(file, line, what, format ? "%s" : nullptr, text, nullptr);
}

}  // namespace chatterbox::gst
#define _ck_assert_failed(...) chatterbox::gst::check_failed(__VA_ARGS__)

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

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <gst/gst.h>

#include "background.h"
#include "chatterbox/log.h"
#include "common.h"
#include "elements.h"

namespace {

void log_to_gstreamer(chatterbox::LogLevel level, std::string_view message) {
  const GstDebugLevel gst_level = level == chatterbox::LogLevel::kWarning ? GST_LEVEL_WARNING
                                  : level == chatterbox::LogLevel::kInfo  ? GST_LEVEL_INFO
                                                                          : GST_LEVEL_DEBUG;
  GST_CAT_LEVEL_LOG(gst_chatterbox_debug, gst_level, nullptr, "%.*s", int(message.size()),
                    message.data());
}

gboolean plugin_init(GstPlugin* plugin) {
  chatterbox::gst::init_debug_categories();
  chatterbox::gst::wait_at_exit();
  try {
    chatterbox::set_log_sink(log_to_gstreamer);
  } catch (...) {
    return FALSE;
  }
  return GST_ELEMENT_REGISTER(chatterboxtts, plugin) &&
         GST_ELEMENT_REGISTER(chatterboxvc, plugin) &&
         GST_ELEMENT_REGISTER(chatterboxclone, plugin);
}

}  // namespace

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, chatterbox,
                  "Speech from text with Chatterbox models", plugin_init, VERSION, "MIT/X11",
                  "gst-chatterbox", GST_PACKAGE_ORIGIN)

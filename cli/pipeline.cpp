// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "pipeline.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>

#include "arguments.h"
#include "chatterbox/error.h"

namespace chatterbox::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void note_interrupt(int) { interrupted = interrupted + 1; }

// Ctrl-C is ours for as long as this lives.
class Interrupts {
 public:
  Interrupts() {
    interrupted = 0;
    struct sigaction ours {};
    ours.sa_handler = note_interrupt;
    for (const int number : {SIGINT, SIGTERM}) sigaction(number, &ours, nullptr);
  }
  ~Interrupts() {
    for (const int number : {SIGINT, SIGTERM}) std::signal(number, SIG_DFL);
  }
};

struct Failure {
  GError* error = nullptr;
  gchar* details = nullptr;
  ~Failure() {
    g_clear_error(&error);
    g_free(details);
  }
};

// The packages of Debian that hold what commands use.
std::string package_of(const std::string& message) {
  if (message.find("chatterbox") != message.npos)
    return "install gstreamer1.0-chatterbox, or set GST_PLUGIN_PATH to the directory that holds it";
  return "install gstreamer1.0-plugins-good";
}

// "talk.doc: " of what is wrong with the file that is read.
std::string name_of_input(const GError& error, GstElement* input) {
  const bool of_content =
      g_error_matches(&error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND) ||
      g_error_matches(&error, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE) ||
      g_error_matches(&error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE) ||
      g_error_matches(&error, GST_STREAM_ERROR, GST_STREAM_ERROR_DEMUX);
  if (!of_content || !input || !g_object_class_find_property(G_OBJECT_GET_CLASS(input), "location"))
    return {};
  gchar* location = nullptr;
  g_object_get(input, "location", &location, nullptr);
  const std::string name = location ? std::string(location) + ": " : "";
  g_free(location);
  return name;
}

[[noreturn]] void fail(GstMessage* message, GstElement* input) {
  Failure failure;
  gst_message_parse_error(message, &failure.error, &failure.details);
  std::string text = name_of_input(*failure.error, input) + failure.error->message;
  // The first line of the details is where in the source it happened.
  const std::string details = failure.details ? failure.details : "";
  if (const auto line = details.find('\n'); line != details.npos && line + 1 < details.size())
    text.append(" ").append(details, line + 1);
  throw Error(ErrorCode::kModelFailure, text);
}

void warn(GstMessage* message, const Console& console) {
  Failure failure;
  gst_message_parse_warning(message, &failure.error, &failure.details);
  console.end_progress();
  console.warn(std::string("warning: ") + failure.error->message);
}

void show_loading(GstMessage* message, const Console& console) {
  const GstStructure* fields = gst_message_get_structure(message);
  const char* code = gst_structure_get_string(fields, "code");
  gint percent = 0;
  if (g_strcmp0(code, "open") == 0 && gst_structure_get_int(fields, "percent", &percent))
    console.progress("loading the model " + progress_bar(percent / 100.0));
}

}  // namespace

void start_gstreamer() {
  if (!gst_is_initialized()) gst_init(nullptr, nullptr);
}

bool has_element(const std::string& factory) {
  start_gstreamer();
  GstElementFactory* found = gst_element_factory_find(factory.c_str());
  if (found) gst_object_unref(found);
  return found != nullptr;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

Pipeline::Pipeline(const std::string& description) : pipeline_(nullptr, gst_object_unref) {
  start_gstreamer();
  Failure failure;
  pipeline_.reset(gst_parse_launch(description.c_str(), &failure.error));
  if (failure.error)
    throw Error(ErrorCode::kNotFound,
                std::string(failure.error->message) + ": " + package_of(failure.error->message));
}

Pipeline::~Pipeline() {
  if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

GstElement* Pipeline::element(const std::string& name) const {
  GstElement* found = gst_bin_get_by_name(GST_BIN(pipeline_.get()), name.c_str());
  if (found) gst_object_unref(found);  // the pipeline keeps it
  return found;
}

namespace {

// The numbers that a property takes; -1 stands for the model's own, and is not said.
std::string range_of(GParamSpec* spec) {
  char text[64] = "";
  if (const auto* range = G_IS_PARAM_SPEC_DOUBLE(spec) ? G_PARAM_SPEC_DOUBLE(spec) : nullptr)
    std::snprintf(text, sizeof text, "a number from %g to %g", std::max(range->minimum, 0.0),
                  range->maximum);
  else if (const auto* whole = G_IS_PARAM_SPEC_INT(spec) ? G_PARAM_SPEC_INT(spec) : nullptr)
    std::snprintf(text, sizeof text, "a whole number from %d to %d", std::max(whole->minimum, 0),
                  whole->maximum);
  return *text ? text : "a value that it takes";
}

}  // namespace

void Pipeline::set(const std::string& name, const std::string& property, const std::string& value) {
  GstElement* found = element(name);
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(found), property.c_str());
  if (spec && spec->value_type == G_TYPE_STRING)
    return g_object_set(found, property.c_str(), value.c_str(), nullptr);
  GValue parsed = G_VALUE_INIT;
  if (spec) g_value_init(&parsed, spec->value_type);
  // GObject would move a value that is out of range into it.
  if (!spec || !gst_value_deserialize(&parsed, value.c_str()) ||
      g_param_value_validate(spec, &parsed)) {
    if (G_IS_VALUE(&parsed)) g_value_unset(&parsed);
    throw UsageError("--" + property + ": expected " + range_of(spec) + ", got '" + value + "'");
  }
  g_object_set_property(G_OBJECT(found), property.c_str(), &parsed);
  g_value_unset(&parsed);
}

void Pipeline::run(const Console& console, const OnMessage& on_message, const OnTick& on_tick,
                   bool may_end_early) {
  const Interrupts interrupts;
  const std::unique_ptr<GstBus, void (*)(gpointer)> bus(gst_element_get_bus(pipeline_.get()),
                                                        gst_object_unref);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  bool ending = false;
  for (bool ended = false; !ended;) {
    const std::unique_ptr<GstMessage, void (*)(GstMessage*)> message(
        gst_bus_timed_pop(bus.get(), 100 * GST_MSECOND), gst_message_unref);
    if (interrupted > 1 || (interrupted == 1 && !may_end_early)) {
      console.end_progress();
      throw Error(ErrorCode::kCancelled, "stopped");
    }
    if (interrupted == 1 && !ending) {
      ending = true;
      gst_element_send_event(pipeline_.get(), gst_event_new_eos());
    }
    if (on_tick) on_tick();
    if (!message) continue;
    switch (GST_MESSAGE_TYPE(message.get())) {
      case GST_MESSAGE_EOS:
        ended = true;
        break;
      case GST_MESSAGE_ERROR:
        console.end_progress();
        fail(message.get(), element("input"));
      case GST_MESSAGE_WARNING:
        warn(message.get(), console);
        break;
      case GST_MESSAGE_PROGRESS:
        show_loading(message.get(), console);
        break;
      default:
        break;
    }
    if (on_message) on_message(message.get());
  }
  console.end_progress();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

}  // namespace chatterbox::cli

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Commands that listen: to a recording or the microphone.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "commands.h"
#include "speech/audio_output.h"
#include "speech/speech_source.h"

namespace chatterbox::cli {
namespace {

using nlohmann::json;

void check_recording(const std::string& path) {
  if (!std::filesystem::is_regular_file(path))
    throw Error(ErrorCode::kNotFound, path + ": expected a recording, found no such file");
}

std::string microphone(const Arguments& arguments) {
  return arguments.text("source", "autoaudiosrc") + " ! audioconvert ! ";
}

constexpr const char* kRecording = "filesrc name=input ! decodebin ! audioconvert ! ";

// Position in a recording, while it is being read.
void show_position(GstElement* element, const Console& console) {
  gint64 position = 0, duration = 0;
  if (console.shows_progress() && gst_element_query_position(element, GST_FORMAT_TIME, &position) &&
      gst_element_query_duration(element, GST_FORMAT_TIME, &duration) && duration > 0)
    console.progress(progress_bar(double(position) / double(duration)) + " of " +
                     readable_time(double(duration) / GST_SECOND));
}

int convert(const Arguments& arguments, const Console& console) {
  const bool live = arguments.has("live");
  if (live == !arguments.words().empty())
    throw UsageError("convert: expected a recording or --live, got " +
                     std::string(live ? "both" : "neither"));
  if (!live) check_recording(arguments.words()[0]);
  AudioOutput output(arguments.text("output"), arguments.text("sink"));
  Pipeline pipeline((live ? microphone(arguments) : kRecording) +
                    std::string("chatterboxvc name=voice ! ") + output.elements());
  if (!live) pipeline.set("input", "location", arguments.words()[0]);
  for (const char* option : {"voice", "seed"})
    if (arguments.has(option)) pipeline.set("voice", option, arguments.text(option));
  if (arguments.has("no-watermark")) pipeline.set("voice", "watermark", "false");
  set_model(pipeline, "voice", arguments);
  output.prepare(pipeline);
  if (live) console.note("speak; Ctrl-C ends it");
  GstElement* voice = pipeline.element("voice");
  pipeline.run(
      console, {}, [&] { show_position(voice, console); }, live);
  output.publish();
  if (console.json())
    std::puts(json{{"output", output.path()}}.dump().c_str());
  else if (output.is_file())
    console.note(output.path() + " is written");
  return kDone;
}

double number_of(const GstStructure* fields, const char* name) {
  double value = 0;
  gst_structure_get_double(fields, name, &value);
  return value;
}

json described(const GstStructure* fields) {
  guint64 duration = 0, voiced = 0;
  gst_structure_get(fields, "duration", G_TYPE_UINT64, &duration, "voiced-duration", G_TYPE_UINT64,
                    &voiced, nullptr);
  json warnings = json::array();
  if (const GValue* list = gst_structure_get_value(fields, "warnings"))
    for (guint i = 0; i < gst_value_array_get_size(list); ++i)
      warnings.push_back(g_value_get_string(gst_value_array_get_value(list, i)));
  return {{"voice", gst_structure_get_string(fields, "voice")},
          {"id", gst_structure_get_string(fields, "voice-id")},
          {"seconds", double(duration) / GST_SECOND},
          {"voiced_seconds", double(voiced) / GST_SECOND},
          {"snr", number_of(fields, "snr")},
          {"peak", number_of(fields, "peak")},
          {"warnings", warnings}};
}

int clone(const Arguments& arguments, const Console& console) {
  const bool recorded = arguments.words().size() == 2;
  const std::string name = arguments.words().back();
  if (recorded) check_recording(arguments.words()[0]);
  Pipeline pipeline((recorded ? kRecording : microphone(arguments)) +
                    std::string("chatterboxclone name=clone ! fakesink"));
  if (recorded) pipeline.set("input", "location", arguments.words()[0]);
  pipeline.set("clone", "voice-name", name);
  pipeline.set("clone", "description", arguments.text("description"));
  if (arguments.has("overwrite")) pipeline.set("clone", "overwrite", "true");
  set_model(pipeline, "clone", arguments);
  if (!recorded) console.note("speak for ten seconds or more; Ctrl-C ends it");
  json made;
  pipeline.run(
      console,
      [&](GstMessage* message) {
        const GstStructure* fields = gst_message_get_structure(message);
        if (fields && gst_structure_has_name(fields, "chatterbox/voice-created"))
          made = described(fields);
      },
      {}, !recorded);
  // The element has warned about the recording's faults.
  if (made.is_null()) {
    console.warn("no voice was made of it; give it ten seconds or more of one clear speaker");
    return kFailed;
  }
  if (console.json()) {
    std::puts(made.dump(1).c_str());
    return kDone;
  }
  std::printf("%s (%s): %.1f s, %.1f s of it speech, %.0f dB above the noise\n", name.c_str(),
              made["id"].get<std::string>().c_str(), made["seconds"].get<double>(),
              made["voiced_seconds"].get<double>(), made["snr"].get<double>());
  for (const json& warning : made["warnings"]) console.note("note: " + warning.get<std::string>());
  console.note("chatterbox say --voice " + quoted(name) + " \"Hello.\" speaks with it");
  return kDone;
}

}  // namespace

void add_hearing_commands(Runs& runs) {
  runs["convert"] = convert;
  runs["clone"] = clone;
}

}  // namespace chatterbox::cli

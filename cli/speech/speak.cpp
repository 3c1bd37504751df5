// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "commands.h"
#include "speech/audio_output.h"
#include "speech/speech_source.h"
#include "speech/word_list.h"

namespace chatterbox::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// The element's account of the speech.
class Report {
 public:
  Report(const Console& console, std::int64_t bytes) : console_(console), bytes_(bytes) {}

  void take(GstMessage* message) {
    const GstStructure* fields = gst_message_get_structure(message);
    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || !fields) return;
    if (gst_structure_has_name(fields, "chatterbox/utterance-start"))
      show(text_of(fields, "text"));
    else if (gst_structure_has_name(fields, "chatterbox/utterance-end"))
      end(fields);
  }

  const json& utterances() const { return utterances_; }
  double seconds() const { return seconds_; }

 private:
  static std::string text_of(const GstStructure* fields, const char* name) {
    const char* text = gst_structure_get_string(fields, name);
    return text ? text : "";
  }

  void show(const std::string& text) {
    if (!console_.shows_progress()) return;
    std::string line;
    if (bytes_ > 0) line = progress_bar(double(spoken_bytes_) / double(bytes_)) + ", ";
    line += readable_time(seconds_) + " of speech";
    const double work = double(g_get_monotonic_time() - start_us_) / 1e6;
    if (bytes_ > spoken_bytes_ && spoken_bytes_ > 0)
      line += ", " + readable_time(work * double(bytes_ - spoken_bytes_) / double(spoken_bytes_)) +
              " left";
    console_.progress(line + "  " + shortened(text));
  }

  static std::string shortened(const std::string& text) {
    if (g_utf8_strlen(text.c_str(), -1) <= 40) return text;
    gchar* start = g_utf8_substring(text.c_str(), 0, 39);
    const std::string cut = std::string(start) + "…";
    g_free(start);
    return cut;
  }

  void end(const GstStructure* fields) {
    guint64 duration = 0, timestamp = 0, seed = 0;
    gst_structure_get(fields, "duration", G_TYPE_UINT64, &duration, nullptr);
    gst_structure_get(fields, "timestamp", G_TYPE_UINT64, &timestamp, nullptr);
    gst_structure_get(fields, "seed", G_TYPE_UINT64, &seed, nullptr);
    const std::string text = text_of(fields, "text");
    spoken_bytes_ += std::int64_t(text.size());
    if (GST_CLOCK_TIME_IS_VALID(duration)) seconds_ += double(duration) / GST_SECOND;
    utterances_.push_back({{"text", text},
                           {"voice", text_of(fields, "voice")},
                           {"start", double(timestamp) / GST_SECOND},
                           {"duration", double(duration) / GST_SECOND},
                           {"seed", seed}});
    show(text);
  }

  const Console& console_;
  const std::int64_t bytes_;
  const gint64 start_us_ = g_get_monotonic_time();
  std::int64_t spoken_bytes_ = 0;
  double seconds_ = 0;
  json utterances_ = json::array();
};

// Speaks, and listens to the words where somebody wants them.
Report speak(const Arguments& arguments, const Console& console, WordList* words) {
  const SpeechSource source(arguments.words(), arguments.text("file"));
  AudioOutput output(arguments.text("output"), arguments.text("sink"));
  Pipeline pipeline(source.elements() + "chatterboxtts name=speech ! " + output.elements());
  // A file has no timestamps: silence has to be written.
  if (output.is_file()) pipeline.set("speech", "fill-gaps", "true");
  set_speech(pipeline, arguments);
  source.prepare(pipeline);
  output.prepare(pipeline);
  if (words) words->listen(pipeline.element("speech"));
  Report report(console, source.bytes());
  pipeline.run(console, [&](GstMessage* message) { report.take(message); });
  if (report.utterances().empty())
    throw Error(ErrorCode::kInvalidArgument, "expected a text with words to speak, got none");
  output.publish();
  return report;
}

void print_report(const Report& report, const Arguments& arguments, const Console& console,
                  const std::string& captions = {}) {
  const std::string output = arguments.text("output");
  if (console.json()) {
    json result{
        {"output", output}, {"seconds", report.seconds()}, {"utterances", report.utterances()}};
    if (!captions.empty()) result["captions"] = captions;
    std::puts(result.dump(1, ' ', false, json::error_handler_t::replace).c_str());
  } else if (!output.empty()) {
    console.note(output + ": " + readable_time(report.seconds()) + " of speech" +
                 (captions.empty() ? "" : ", captions in " + captions));
  }
}

int say(const Arguments& arguments, const Console& console) {
  print_report(speak(arguments, console, nullptr), arguments, console);
  return kDone;
}

std::string captions_path(const Arguments& arguments) {
  const fs::path path = arguments.has("captions")
                            ? fs::path(arguments.text("captions"))
                            : fs::path(arguments.text("output")).replace_extension(".vtt");
  if (path.extension() != ".vtt" && path.extension() != ".srt")
    throw UsageError("--captions: expected a file that ends in .vtt or .srt, got '" +
                     path.string() + "'");
  return path.string();
}

int captions(const Arguments& arguments, const Console& console) {
  if (!arguments.has("output"))
    throw UsageError("captions: expected --output FILE for the speech, got none");
  const std::string path = captions_path(arguments);
  WordList words;
  const Report report = speak(arguments, console, &words);
  if (words.words().empty() && report.seconds() > 0)
    throw Error(ErrorCode::kModelFailure,
                arguments.text("output") +
                    ": the speech is there, but this model does not tell when words are said; "
                    "choose another with --model");
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << (path.ends_with(".srt") ? subrip(words.words(), arguments.has("each-word"))
                                  : webvtt(words.words(), arguments.has("each-word")));
  if (!file.flush()) throw Error(ErrorCode::kNotFound, path + ": cannot be written");
  print_report(report, arguments, console, path);
  return kDone;
}

}  // namespace

void add_speaking_commands(Runs& runs) {
  runs["say"] = say;
  runs["captions"] = captions;
}

}  // namespace chatterbox::cli

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The launch lines of the documentation: launch_lines_test parse|run FILE...
// Every gst-launch-1.0 command in a ```sh block is parsed; `run` also runs it,
// in a new directory, with the model of the tree.
#include <gst/gst.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr const char* kCommand = "gst-launch-1.0 ";
constexpr GstClockTime kPatience = 120 * GST_SECOND;

// Elements that a test machine need not have; a line that uses one is skipped.
const std::set<std::string> kOptional = {"srtsink", "mpegtsmux", "pipewiresink", "pipewiresrc",
                                         "pulsesink"};

// What a test cannot have: a sound card, somebody at the keyboard.
const std::map<std::string, std::vector<std::string>> kStandIns = {
    {"autoaudiosink", {"fakesink", "sync=true"}},
    {"autoaudiosrc", {"filesrc", "location=voices/carl.opus", "!", "decodebin"}},
    {"pipewiresrc", {"audiotestsrc", "is-live=true", "num-buffers=100"}},
    {"pipewiresink", {"fakesink", "sync=true"}},
    {"fdsrc", {"filesrc", "location=examples/text/hello.txt"}},
};

struct Line {
  std::string file, text;
};

std::vector<Line> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<Line> lines;
  std::string line, joined;
  bool in_block = false;
  while (std::getline(file, line)) {
    if (line.starts_with("```")) {
      in_block = line.starts_with("```sh");
      continue;
    }
    if (!in_block) continue;
    joined += line;
    if (joined.ends_with("\\")) {
      joined.back() = ' ';
      continue;
    }
    if (const auto at = joined.find(kCommand); at != joined.npos)
      lines.push_back({path, joined.substr(at + std::string(kCommand).size())});
    joined.clear();
  }
  return lines;
}

std::vector<std::string> words_of(const std::string& text, bool with_stand_ins) {
  int count = 0;
  char** words = nullptr;
  std::vector<std::string> result;
  if (!g_shell_parse_argv(text.c_str(), &count, &words, nullptr)) return result;
  bool replaced = false;  // properties of what was replaced are not its stand-in's
  for (int i = 0; i < count; ++i) {
    const std::string word = words[i];
    replaced &= word.find('=') != word.npos;
    if (replaced) continue;
    const auto stand_in = kStandIns.find(word);
    if (word.starts_with("-") && word.size() == 2) continue;  // an option of gst-launch-1.0
    replaced = with_stand_ins && stand_in != kStandIns.end();
    if (replaced)
      result.insert(result.end(), stand_in->second.begin(), stand_in->second.end());
    else
      result.push_back(word);
  }
  g_strfreev(words);
  return result;
}

GstElement* parse(const std::vector<std::string>& words, std::string& error, bool& optional) {
  std::vector<const char*> argv;
  for (const auto& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  GError* failure = nullptr;
  GstParseContext* context = gst_parse_context_new();
  GstElement* pipeline =
      gst_parse_launchv_full(argv.data(), context, GST_PARSE_FLAG_FATAL_ERRORS, &failure);
  char** missing = gst_parse_context_get_missing_elements(context);
  optional = missing != nullptr;
  for (char** name = missing; name && *name; ++name) optional &= kOptional.contains(*name);
  g_strfreev(missing);
  gst_parse_context_free(context);
  if (failure) error = failure->message;
  g_clear_error(&failure);
  if (!error.empty() && pipeline) gst_object_unref(std::exchange(pipeline, nullptr));
  return pipeline;
}

// Up to EOS. Empty when all went well.
std::string run(GstElement* pipeline) {
  std::string error;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, kPatience, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  if (!message) {
    error = "did not end";
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* failure = nullptr;
    gchar* debug = nullptr;
    gst_message_parse_error(message, &failure, &debug);
    error = std::string(failure->message) + " " + (debug ? debug : "");
    g_error_free(failure);
    g_free(debug);
  }
  if (message) gst_message_unref(message);
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return error;
}

// Files that the line writes must hold something.
std::string check_outputs(const std::vector<std::string>& words) {
  bool sink = false;
  for (const auto& word : words) {
    if (word == "filesink" || word == "!") sink = word == "filesink";
    if (!sink || !word.starts_with("location=")) continue;
    std::error_code failed;
    const auto size = fs::file_size(word.substr(9), failed);
    if (failed || size < 2000) return word + " holds no speech";
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(nullptr, nullptr);
  const bool running = argc > 1 && std::string(argv[1]) == "run";
  std::vector<Line> lines;
  for (int i = 2; i < argc; ++i) {
    const auto more = lines_of(argv[i]);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  if (lines.empty()) {
    std::puts("no launch lines were found");
    return 1;
  }
  const fs::path scratch =
      fs::path(g_get_tmp_dir()) / ("launch-lines-" + std::to_string(g_random_int()));
  if (running) {
    fs::create_directory(scratch);
    fs::create_symlink(EXAMPLES_DIR, scratch / "examples");
    fs::create_symlink(fs::path(EXAMPLES_DIR).parent_path() / "voices", scratch / "voices");
    fs::current_path(scratch);
    // Voices that a line makes are there for the next one, and gone afterwards.
    g_setenv("XDG_DATA_HOME", (scratch / "data").c_str(), TRUE);
  }
  int failures = 0;
  for (const auto& line : lines) {
    const auto words = words_of(line.text, running);
    std::string error;
    bool optional = false;
    GstElement* pipeline = parse(words, error, optional);
    if (pipeline && running) error = run(pipeline);
    if (pipeline && running && error.empty()) error = check_outputs(words);
    if (pipeline) gst_object_unref(pipeline);
    const bool skipped = !error.empty() && optional;
    failures += !error.empty() && !skipped;
    std::printf("%s  %s: %s%s%s\n",
                error.empty() ? "ok  "
                : skipped     ? "skip"
                              : "FAIL",
                fs::path(line.file).filename().c_str(), line.text.c_str(),
                error.empty() ? "" : "\n      ", error.c_str());
    std::fflush(stdout);
  }
  if (running) {
    fs::current_path(fs::path(EXAMPLES_DIR));
    fs::remove_all(scratch);
  }
  gst_deinit();
  return failures ? 1 : 0;
}

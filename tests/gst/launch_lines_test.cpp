// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
// The launch lines of the documentation: launch_lines_test FILE...
// Every gst-launch-1.0 command in a ```sh block is parsed; tests/docs runs them.
#include <gst/gst.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr const char* kCommand = "gst-launch-1.0 ";

// Elements that a test machine need not have; a line that uses one is skipped.
const std::set<std::string> kOptional = {"srtsink", "mpegtsmux", "pipewiresink", "pipewiresrc",
                                         "pulsesink"};

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

std::vector<std::string> words_of(const std::string& text) {
  int count = 0;
  char** words = nullptr;
  std::vector<std::string> result;
  if (!g_shell_parse_argv(text.c_str(), &count, &words, nullptr)) return result;
  for (int i = 0; i < count; ++i) {
    const std::string word = words[i];
    const bool option = word.starts_with("-") && word.size() == 2;  // of gst-launch-1.0
    if (!option) result.push_back(word);
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

}  // namespace

int main(int argc, char** argv) {
  gst_init(nullptr, nullptr);
  std::vector<Line> lines;
  for (int i = 1; i < argc; ++i) {
    const auto more = lines_of(argv[i]);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  if (lines.empty()) {
    std::puts("no launch lines were found");
    return 1;
  }
  int failures = 0;
  for (const auto& line : lines) {
    std::string error;
    bool optional = false;
    if (GstElement* pipeline = parse(words_of(line.text), error, optional))
      gst_object_unref(pipeline);
    const bool skipped = !error.empty() && optional;
    failures += !error.empty() && !skipped;
    std::printf("%s  %s: %s%s%s\n",
                error.empty() ? "ok  "
                : skipped     ? "skip"
                              : "FAIL",
                fs::path(line.file).filename().c_str(), line.text.c_str(),
                error.empty() ? "" : "\n      ", error.c_str());
  }
  gst_deinit();
  return failures ? 1 : 0;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Finds the watermark in recordings, or puts it in one. Exit status of `detect`: 0 when every
// file is marked, 1 when one is not, 2 when something went wrong.

#include <cstdio>
#include <string>
#include <vector>

#include "chatterbox/error.h"
#include "chatterbox/paths.h"
#include "chatterbox/watermark.h"
#include "watermark_work.h"

namespace {

constexpr int kMarked = 0, kNotMarked = 1, kFailed = 2;

constexpr const char* kUsage =
    "usage: chatterbox-watermark [--model DIRECTORY] detect FILE...\n"
    "       chatterbox-watermark [--model DIRECTORY] apply INPUT OUTPUT\n"
    "       chatterbox-watermark --help | --version\n"
    "\n"
    "detect prints a line for each file: marked or unmarked, the confidence from 0 to 1, the\n"
    "file. Exit status 0: all are marked; 1: one is not; 2: a file could not be read.\n"
    "apply writes INPUT with the watermark to OUTPUT: FLAC where its name ends so, else WAV.\n";

int detect(const std::string& model, const std::vector<std::string>& files) {
  chatterbox::WatermarkDetector detector(chatterbox::WatermarkModel::load(model));
  int status = kMarked;
  for (const std::string& file : files) {
    try {
      const auto [confidence, marked] = chatterbox::tools::judge_recording(detector, file);
      std::printf("%s %.4f %s\n", marked ? "marked" : "unmarked", confidence, file.c_str());
      if (!marked && status == kMarked) status = kNotMarked;
    } catch (const chatterbox::Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      status = kFailed;
    }
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  std::string setting;
  if (words.size() >= 2 && words[0] == "--model") {
    setting = words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (words.size() == 1 && words[0] == "--version") {
    std::puts("chatterbox-watermark " CHATTERBOX_VERSION);
    return 0;
  }
  const std::string command = words.empty() ? "" : words[0];
  if (!words.empty()) words.erase(words.begin());
  const bool detecting = command == "detect" && !words.empty();
  if (!detecting && !(command == "apply" && words.size() == 2)) {
    std::fputs(kUsage, stderr);
    return kFailed;
  }
  try {
    const std::string model = chatterbox::find_watermark(setting);
    if (detecting) return detect(model, words);
    chatterbox::tools::mark_recording(chatterbox::WatermarkModel::load(model), words[0], words[1]);
    return 0;
  } catch (const chatterbox::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return kFailed;
  }
}

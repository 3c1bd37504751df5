// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "advice.h"

namespace chatterbox::cli {
namespace {

struct Row {
  const char* part;  // of what is told
  const char* advice;
};

constexpr Row kRows[] = {
    {"not found in any library", "chatterbox voices list shows those there are"},
    {"of the installed library", "chatterbox voices list --own shows your own"},
    {"expected a model's directory, found none",
     "chatterbox models list shows those there are, chatterbox models fetch brings one"},
    {"expected a new name for a voice", "choose another, or replace that voice with --overwrite"},
    {"voice of that name", "choose another, or replace that voice with --overwrite"},
    {"cannot decode", "give it a recording, such as a .wav, .flac, .opus or .mp3"},
    {"determine type of stream", "give it a recording, such as a .wav, .flac, .opus or .mp3"},
    {"typefind empty stream", "give it a recording, such as a .wav, .flac, .opus or .mp3"},
    {"with words to speak",
     "write them behind the command, into a file for --file, or on standard input"},
    {"audio device", "write to a file with --output, or name other elements with --sink"},
    {"expected the watermark's weights",
     "install libchatterbox-data, or leave it out with "
     "--no-watermark"},
};

}  // namespace

std::string advice(const std::string& error) {
  for (const Row& row : kRows)
    if (error.find(row.part) != error.npos) return std::string("; ") + row.advice;
  return {};
}

}  // namespace chatterbox::cli

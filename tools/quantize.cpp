// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Makes a model's directory anew with T3 in rows of int8: `chatterbox models quantize` where there
// is no GStreamer.

#include "chatterbox/quantize.h"

#include <cstdio>
#include <exception>
#include <string>

namespace {

constexpr const char* kUsage =
    "usage: chatterbox-quantize [--family NAME] MODEL DIRECTORY\n"
    "       chatterbox-quantize --help | --version\n"
    "\n"
    "Writes MODEL to a new DIRECTORY with T3's matrices in rows of int8; its other files become\n"
    "hard links, or copies where that cannot be. Load it with the dtype \"int8\".\n";

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc == 2 ? argv[1] : "";
  if (word == "--help" || word == "-h") return std::fputs(kUsage, stdout) < 0;
  if (word == "--version") return std::puts("chatterbox-quantize " CHATTERBOX_VERSION) < 0;
  const bool family = argc == 5 && std::string(argv[1]) == "--family";
  if (argc != 3 && !family) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  try {
    const auto made =
        chatterbox::quantize_model(argv[argc - 2], argv[argc - 1], family ? argv[2] : "");
    std::printf("%s: %d matrices in rows of int8, %.0f MB in place of %.0f\n", made.file.c_str(),
                made.matrices, double(made.bytes_after) / 1e6, double(made.bytes_before) / 1e6);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chatterbox-quantize: %s\n", error.what());
    return 1;
  }
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// load_model DIR [FAMILY [DTYPE]]: loads a model, says which it is, and how much memory that took
// at most.
#include <exception>
#include <fstream>
#include <iostream>
#include <string>

#include "chatterbox/engine.h"

namespace {

long peak_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:" && status >> word) return std::stol(word);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace chatterbox;
  if (argc < 2) {
    std::cerr << "usage: load_model DIR [FAMILY [DTYPE]]\n";
    return 2;
  }
  try {
    const long before = peak_kilobytes();
    ModelOptions options;
    options.device = "cpu";
    options.family = argc > 2 ? argv[2] : "";
    options.dtype = argc > 3 ? argv[3] : "bfloat16";
    const auto model = Model::load(argv[1], options);
    std::cout << model->name() << "\npeak_mb " << (peak_kilobytes() - before) / 1024 << "\n";
  } catch (const std::exception& error) {
    std::cerr << "load_model: " << error.what() << "\n";
    return 1;
  }
  return 0;
}

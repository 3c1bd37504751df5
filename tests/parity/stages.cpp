// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// stages CASE MODEL OUT [THREADS [DEVICE]]: writes every stage of a parity case, as
// the library computes it, to OUT as one .npy each. README.md says what they are.
#include <ATen/Parallel.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>

#include "../support/npy.h"
#include "parity_case.h"

int main(int argc, char** argv) {
  using namespace chatterbox;
  if (argc < 4) {
    std::cerr << "usage: stages CASE MODEL OUT [THREADS [DEVICE]]\n";
    return 2;
  }
  try {
    ModelOptions options;
    options.device = argc > 5 ? argv[5] : "cpu";
    options.dtype = "float32";
    options.threads = argc > 4 ? std::atoi(argv[4]) : 1;
    at::set_num_threads(options.threads);
    const auto model = Model::load(argv[2], options);
    std::filesystem::create_directories(argv[3]);
    for (const auto& [name, tensor] : test::compute_stages(test::read_case(argv[1]), *model))
      test::write_npy((std::filesystem::path(argv[3]) / (name + ".npy")).string(), tensor);
  } catch (const std::exception& error) {
    std::cerr << "stages: " << error.what() << "\n";
    return 1;
  }
  return 0;
}

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// tiny_models OUT: puts the tiny models of all families into directories below OUT, each named
// like its family, for tests that are no C++.
#include <cstdio>
#include <exception>
#include <filesystem>

#include "golden_case.h"

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc != 2) return std::fputs("expected the directory to make, got another\n", stderr), 2;
  try {
    const fs::path out = argv[1], golden = fs::path(TESTS_DIR) / "golden";
    fs::create_directories(out);
    fs::copy(golden / "tiny" / "model", out / "english");
    for (const char* family : {"turbo", "nano", "multilingual"}) {
      const std::string name = std::string("tiny_") + family;
      chatterbox::test::GoldenCase(golden / name).make_model(out);
      fs::rename(out / name, out / family);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tiny_models: %s\n", error.what());
    return 1;
  }
}

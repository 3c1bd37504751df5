// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Makes a model's directory anew with T3 in rows of int8, as the dtype int8 multiplies them:
// loading then maps the file and quantises nothing, and processes share its pages.

#include <cstdio>
#include <filesystem>
#include <string>

#include "chatterbox/error.h"
#include "model_files.h"
#include "t3/quantize.h"

namespace {

namespace fs = std::filesystem;

constexpr const char* kUsage =
    "usage: chatterbox-quantize [--family NAME] MODEL DIRECTORY\n"
    "\n"
    "Writes MODEL to a new DIRECTORY with T3's matrices in rows of int8; its other files become\n"
    "hard links, or copies where that cannot be. Load it with the dtype \"int8\".\n";

// What else lies in the model's directory.
void bring_others(const fs::path& from, const fs::path& to, const std::string& t3) {
  for (const auto& entry : fs::directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    if (name == t3 || !entry.is_regular_file()) continue;
    std::error_code failed;
    const fs::path real = fs::canonical(entry.path());
    fs::create_hard_link(real, to / name, failed);
    if (failed) fs::copy_file(real, to / name);
  }
}

int run(const std::string& family, const std::string& model, const std::string& directory) {
  using namespace chatterbox;
  const ModelFiles files = find_model_files(model, family);
  if (fs::exists(directory))
    throw Error(ErrorCode::kInvalidArgument,
                directory + ": expected a directory that does not exist yet");
  fs::create_directories(directory);
  const std::string name = fs::path(files.t3).filename().string();
  QuantizedSize size;
  try {
    size = quantize_t3(*TensorFile::open(files.t3), (fs::path(directory) / name).string());
    bring_others(model, directory, name);
  } catch (...) {
    fs::remove_all(directory);
    throw;
  }
  std::printf("%s: %d matrices in rows of int8, %.0f MB in place of %.0f\n", name.c_str(),
              size.matrices, double(size.bytes_after) / 1e6, double(size.bytes_before) / 1e6);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool family = argc == 5 && std::string(argv[1]) == "--family";
  if (argc != 3 && !family) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  try {
    return run(family ? argv[2] : "", argv[argc - 2], argv[argc - 1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "chatterbox-quantize: %s\n", error.what());
    return 1;
  }
}

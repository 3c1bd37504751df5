// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <filesystem>
#include <string>
#include <system_error>

#include "chatterbox/error.h"
#include "chatterbox/quantize.h"
#include "model_files.h"
#include "t3/quantize.h"

namespace chatterbox {
namespace {

namespace fs = std::filesystem;

// The other files of the model's directory.
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

QuantizedModel write_model(const ModelFiles& files, const fs::path& from, const fs::path& to) {
  const std::string name = fs::path(files.t3).filename().string();
  fs::create_directories(to);
  try {
    const QuantizedSize size = quantize_t3(*TensorFile::open(files.t3), (to / name).string());
    bring_others(from, to, name);
    return {name, size.matrices, std::int64_t(size.bytes_before), std::int64_t(size.bytes_after)};
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(to, ignored);
    throw;
  }
}

}  // namespace

QuantizedModel quantize_model(const std::string& path, const std::string& directory,
                              const std::string& family) {
  const ModelFiles files = find_model_files(path, family);
  std::error_code ignored;
  if (fs::exists(directory, ignored))
    throw Error(ErrorCode::kInvalidArgument,
                directory + ": expected a directory that does not exist yet");
  try {
    return write_model(files, path, directory);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::kNotFound, directory + ": cannot be written: " + error.code().message());
  }
}

}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
//
// Runs a fuzz target over the files of a folder, where no fuzzer is at hand.
// Each file is also tried cut short and with one byte changed, which costs
// little and has found what the files themselves do not show.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(argv[i]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  long inputs = 0;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> whole{std::istreambuf_iterator<char>(file), {}};
    // A copy of exactly this size, so that a sanitizer sees a read beyond it.
    const auto run = [&](std::vector<std::uint8_t> bytes) {
      bytes.shrink_to_fit();
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      ++inputs;
    };
    const std::vector<std::uint8_t> bytes(whole.begin(), whole.end());
    run(bytes);
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 64);
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      run({bytes.begin(), bytes.begin() + std::ptrdiff_t(at)});
      std::vector<std::uint8_t> changed = bytes;
      changed[at] = std::uint8_t(changed[at] * 5 + 13 + at);
      run(changed);
    }
  }
  std::printf("%zu files, %ld inputs\n", files.size(), inputs);
  return files.empty() ? 1 : 0;
}

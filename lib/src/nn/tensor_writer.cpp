// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/tensor_writer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "json_text.h"
#include "nn/check.h"

namespace chatterbox {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLengthBytes = 8;

const char* type_name(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return "F64";
    case at::kFloat:
      return "F32";
    case at::kHalf:
      return "F16";
    case at::kBFloat16:
      return "BF16";
    case at::kLong:
      return "I64";
    case at::kInt:
      return "I32";
    case at::kShort:
      return "I16";
    case at::kChar:
      return "I8";
    case at::kByte:
      return "U8";
    case at::kBool:
      return "BOOL";
    default:
      throw Error(ErrorCode::kInvalidArgument,
                  std::string("expected a type of safetensors files, got ") + c10::toString(type));
  }
}

std::string header_of(const std::vector<TensorToWrite>& tensors) {
  nlohmann::ordered_json header;
  std::uint64_t position = 0;
  for (const TensorToWrite& tensor : tensors) {
    std::uint64_t bytes = c10::elementSize(tensor.type);
    for (const std::int64_t size : tensor.shape) bytes *= std::uint64_t(size);
    header[tensor.name] = {{"dtype", type_name(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {position, position + bytes}}};
    position += bytes;
  }
  std::string text = json_text(header);
  const std::size_t before = kLengthBytes + text.size();
  text.append((before + kAlignment - 1) / kAlignment * kAlignment - before, ' ');
  return text;
}

// File that is removed unless its path is cleared.
struct PartialFile {
  explicit PartialFile(std::string name) : path(std::move(name)) {}
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile() {
    if (!path.empty()) std::remove(path.c_str());
  }
  std::string path;
};

}  // namespace

void write_tensors(const std::string& path, const std::vector<TensorToWrite>& tensors) {
  PartialFile partial(path + ".part");
  std::ofstream file(partial.path, std::ios::binary | std::ios::trunc);
  const auto check = [&] {
    if (!file)
      throw Error(ErrorCode::kBadFile, path + ": cannot be written: " + std::strerror(errno));
  };
  const std::string header = header_of(tensors);
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    file.put(char(std::uint64_t(header.size()) >> (8 * i) & 0xff));
  file << header;
  check();
  for (const TensorToWrite& tensor : tensors) {
    const at::Tensor numbers = tensor.numbers().contiguous();
    check_shape(tensor.name.c_str(), numbers, tensor.shape);
    file.write(static_cast<const char*>(numbers.data_ptr()), std::streamsize(numbers.nbytes()));
    check();
  }
  file.close();
  check();
  if (std::rename(partial.path.c_str(), path.c_str()) != 0)
    throw Error(ErrorCode::kBadFile, path + ": cannot be written: " + std::strerror(errno));
  partial.path.clear();
}

}  // namespace chatterbox

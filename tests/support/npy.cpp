// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "npy.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <vector>

#include "chatterbox/error.h"

namespace chatterbox::test {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr std::size_t kMagicSize = 6;

const std::map<std::string, at::ScalarType> kTypes = {{"<f2", at::kHalf},
                                                      {"<f4", at::kFloat},
                                                      {"<f8", at::kDouble},
                                                      {"<i4", at::kInt},
                                                      {"<i8", at::kLong}};

[[noreturn]] void bad(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kBadFile, path + ": " + what);
}

std::string find(const std::string& header, const char* pattern, const std::string& path) {
  std::smatch match;
  if (!std::regex_search(header, match, std::regex(pattern)))
    bad(path, "expected an array header, got " + header);
  return match[1];
}

std::vector<std::int64_t> parse_shape(const std::string& text) {
  std::vector<std::int64_t> shape;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');)
    if (part.find_first_of("0123456789") != std::string::npos) shape.push_back(std::stoll(part));
  return shape;
}

}  // namespace

at::Tensor read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorCode::kNotFound, path + ": cannot be opened");
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.size() < 12 || bytes.compare(0, kMagicSize, kMagic) != 0)
    bad(path, "expected an .npy file");
  // The header's length has two bytes in format 1 and four in later ones.
  const std::size_t width = bytes[kMagicSize] == 1 ? 2 : 4;
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + kMagicSize + 2, width);
  const std::size_t start = kMagicSize + 2 + width + length;
  if (start > bytes.size()) bad(path, "expected a whole header");
  const std::string header = bytes.substr(kMagicSize + 2 + width, length);
  const std::string type = find(header, "'descr':\\s*'([^']*)'", path);
  if (!kTypes.count(type)) bad(path, "expected a float or an integer, got " + type);
  if (find(header, "'fortran_order':\\s*(\\w+)", path) != "False") bad(path, "expected rows first");
  const auto shape = parse_shape(find(header, "'shape':\\s*\\(([^)]*)\\)", path));
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(kTypes.at(type)));
  if (bytes.size() - start != tensor.nbytes())
    bad(path, "expected " + std::to_string(tensor.nbytes()) + " bytes of values, got " +
                  std::to_string(bytes.size() - start));
  std::memcpy(tensor.data_ptr(), bytes.data() + start, tensor.nbytes());
  return tensor;
}

void write_npy(const std::string& path, const at::Tensor& tensor) {
  const bool integers = !at::isFloatingType(tensor.scalar_type());
  const at::Tensor values =
      tensor.detach().to(at::kCPU, integers ? at::kLong : at::kFloat).contiguous();
  std::ostringstream header;
  header << "{'descr': '" << (integers ? "<i8" : "<f4") << "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t size : values.sizes()) header << size << ",";
  header << "), }";
  std::string text = header.str();
  // Values begin at a multiple of 64 bytes.
  text.append(63 - (kMagicSize + 4 + text.size()) % 64, ' ');
  text += '\n';
  const auto length = std::uint16_t(text.size());
  std::ofstream file(path, std::ios::binary);
  file.write(kMagic, kMagicSize).write("\x01\x00", 2);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text;
  file.write(static_cast<const char*>(values.data_ptr()), std::streamsize(values.nbytes()));
  if (!file.flush()) throw Error(ErrorCode::kBadFile, path + ": cannot be written");
}

}  // namespace chatterbox::test

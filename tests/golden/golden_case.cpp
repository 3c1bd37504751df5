// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "golden_case.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

#include "../support/npy.h"

namespace chatterbox::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be opened");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A .safetensors file while it is written: what tensors there are, and their bytes.
struct Tensors {
  Json header;
  std::string data;

  void add(const std::string& name, const char* type, const Json& shape, const std::string& bytes) {
    header[name] = {{"dtype", type},
                    {"shape", shape},
                    {"data_offsets", {data.size(), data.size() + bytes.size()}}};
    data += bytes;
  }

  void add_file(const fs::path& path) {
    const std::string bytes = read_file(path);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const std::size_t begin = sizeof length + length;
    const Json theirs = Json::parse(bytes.substr(sizeof length, length));
    for (const auto& [name, tensor] : theirs.items()) {
      if (name == "__metadata__") continue;
      const std::size_t first = tensor["data_offsets"][0], last = tensor["data_offsets"][1];
      add(name, tensor["dtype"].get<std::string>().c_str(), tensor["shape"],
          bytes.substr(begin + first, last - first));
    }
  }

  // hashed() of share.py.
  void add_computed(const std::string& name, const Json& how) {
    const std::uint64_t seed = how.at("seed");
    const float scale = how.at("scale");
    std::string bytes;
    const std::uint64_t count =
        how["shape"][0].get<std::uint64_t>() * how["shape"][1].get<std::uint64_t>();
    for (std::uint64_t i = 1; i <= count; ++i) {
      std::uint64_t state = i * 0x9e3779b97f4a7c15u + seed;
      state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
      state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
      state ^= state >> 31;
      const float value = (float(state >> 56) - 128) * scale;
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    add(name, "F32", how["shape"], bytes);
  }

  void write(const fs::path& path) const {
    const std::string text = header.dump();
    const std::uint64_t length = text.size();
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file << text << data;
  }
};

}  // namespace

GoldenCase::GoldenCase(const fs::path& directory)
    : directory_(directory), document_(Json::parse(read_file(directory / "golden.json"))) {}

std::vector<std::string> GoldenCase::stages() const {
  std::vector<std::string> names;
  for (const auto& [name, bound] : document_.at("stages").items()) names.push_back(name);
  return names;
}

const Json& GoldenCase::bound(const std::string& stage) const {
  return document_.at("stages").at(stage);
}

at::Tensor GoldenCase::expected(const std::string& stage) const {
  return read_npy((directory_ / bound(stage).value("file", "upstream/" + stage + ".npy")).string());
}

at::Tensor GoldenCase::kept(const std::string& stage, const at::Tensor& ours) const {
  const Json& how = bound(stage);
  if (!how.contains("stride")) return ours;
  const auto shape = how.at("shape").get<std::vector<std::int64_t>>();
  TORCH_CHECK(ours.sizes() == at::IntArrayRef(shape), stage, ": expected shape ",
              at::IntArrayRef(shape), ", got ", ours.sizes());
  return ours.flatten().slice(0, 0, c10::nullopt, how.at("stride").get<std::int64_t>());
}

std::string GoldenCase::make_model(const fs::path& scratch) const {
  if (!document_.contains("model")) return (directory_ / "model").string();
  const fs::path model = scratch / directory_.filename();
  fs::create_directories(model);
  for (const auto& [name, parts] : document_["model"].items()) {
    if (parts.size() == 1 && parts[0].is_string()) {
      fs::copy_file(directory_ / parts[0].get<std::string>(), model / name);
      continue;
    }
    Tensors tensors;
    for (const Json& part : parts) {
      if (part.is_string()) {
        tensors.add_file(directory_ / part.get<std::string>());
      } else {
        for (const auto& [tensor, how] : part.items()) tensors.add_computed(tensor, how);
      }
    }
    tensors.write(model / name);
  }
  return model.string();
}

}  // namespace chatterbox::test

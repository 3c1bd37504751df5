// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "nn/weights.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "chatterbox/error.h"
#include "nn/layers.h"

namespace chatterbox {
namespace {

// A safetensors file of this header, 8 bytes of length before it.
std::string file_of(const std::string& header, const std::string& data) {
  std::string bytes;
  for (std::uint64_t n = header.size(), i = 0; i < 8; ++i) bytes += char(n >> (8 * i) & 0xff);
  return bytes + header + data;
}

std::string floats(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string entry(const char* name, const char* dtype, const char* shape, int begin, int end) {
  return std::string("\"") + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape +
         R"(,"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

// Memory that outlives the file, as from_memory asks.
struct Held {
  explicit Held(std::string contents) : bytes(std::move(contents)) {}
  Weights weights(Placement placement = {}) const {
    return Weights(TensorFile::from_memory(bytes.data(), bytes.size(), "test"), placement);
  }
  std::string bytes;
};

Held two_tensors() {
  return Held(file_of("{" + entry("a.weight", "F32", "[2,2]", 0, 16) + "," +
                          entry("a.bias", "F32", "[2]", 16, 24) +
                          R"(,"__metadata__":{"format":"pt"}})",
                      floats({1, 2, 3, 4, 5, 6})));
}

template <typename Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    return error.what();
  }
  return "no error";
}

TEST(Weights, BindsByScopedName) {
  const Held file = two_tensors();
  const Weights weights = file.weights();
  const Linear linear(weights.scope("a"), 2, 2);
  const at::Tensor y = linear(at::tensor({1.f, 1.f}));
  EXPECT_FLOAT_EQ(y[0].item<float>(), 8);
  EXPECT_FLOAT_EQ(y[1].item<float>(), 13);
  weights.check_all_claimed();
}

TEST(Weights, ConvertsToTheComputeType) {
  const Held file = two_tensors();
  const Weights weights = file.weights({at::kCPU, at::kBFloat16});
  EXPECT_EQ(weights.scope("a").take("weight", {2, 2}).scalar_type(), at::kBFloat16);
  const Weights wide = weights.with_dtype(at::kFloat);
  EXPECT_EQ(wide.take("a.bias", {2}).scalar_type(), at::kFloat);
}

TEST(Weights, SaysWhatIsWrong) {
  const Held file = two_tensors();
  const Weights weights = file.weights();
  EXPECT_EQ(message_of([&] {
              weights.take("a.weight", {2, 3});
            }),
            "test: tensor \"a.weight\": expected shape [2, 3], got [2, 2]");
  EXPECT_EQ(message_of([&] { weights.scope("b").take("weight", {2}); }),
            "test: tensor \"b.weight\" is missing");
  EXPECT_EQ(message_of([&] { weights.skip("a.weight"); }),
            "test: tensor \"a.weight\" is claimed twice");
  EXPECT_EQ(message_of([&] { weights.check_all_claimed(); }),
            "test: 1 tensors that this model does not have: \"a.bias\"");
}

TEST(Weights, RefusesIntegersWhereWeightsBelong) {
  const Held file(file_of("{" + entry("n", "I64", "[1]", 0, 8) + "}", std::string(8, '\1')));
  EXPECT_EQ(message_of([&] { file.weights().take("n", {1}); }),
            "test: tensor \"n\": expected a floating-point type or rows of int8, got Long");
  EXPECT_EQ(file.weights().take_raw("n", {1})[0].item<std::int64_t>(), 0x0101010101010101);
}

// Two rows of int8 and what each is to be multiplied by.
Held int8_rows(const char* scale_type = "F32", const char* scale_shape = "[2]") {
  return Held(file_of("{" + entry("a.bias", "F32", "[2]", 0, 8) + "," +
                          entry("a.weight.scale", scale_type, scale_shape, 8, 16) + "," +
                          entry("a.weight", "I8", "[2,2]", 16, 20) + "}",
                      floats({0, 0, 0.5f, 2}) + std::string("\x01\xff\x7f\x81", 4)));
}

TEST(Weights, MultipliesInt8RowsByTheirScale) {
  const std::vector<float> expected{0.5f, -0.5f, 254, -254};
  for (const bool hot : {false, true}) {
    const Held file = int8_rows();
    const Weights weights = file.weights().scope("a");
    const at::Tensor weight =
        hot ? weights.take_hot("weight", {2, 2}) : weights.take("weight", {2, 2});
    EXPECT_EQ(weight.scalar_type(), at::kFloat);
    for (int i = 0; i < 4; ++i)
      EXPECT_FLOAT_EQ(weight.flatten()[i].item<float>(), expected[std::size_t(i)]);
    weights.skip("bias");
    weights.check_all_claimed();
  }
  const Held file = int8_rows();
  const Weights narrow = file.weights({at::kCPU, at::kBFloat16});
  EXPECT_EQ(narrow.take("a.weight", {2, 2}).scalar_type(), at::kBFloat16);
}

TEST(Weights, SkipsInt8RowsWithTheirScale) {
  const Held file = int8_rows();
  const Weights weights = file.weights();
  weights.skip("a.weight");
  weights.skip("a.bias");
  weights.check_all_claimed();
}

TEST(Weights, SaysWhatIsWrongWithInt8Rows) {
  const auto message = [](const Held& file) {
    return message_of([&] { file.weights().take("a.weight", {2, 2}); });
  };
  EXPECT_EQ(message(int8_rows("F32", "[1,2]")),
            "test: tensor \"a.weight.scale\": expected shape [2], got [1, 2]");
  EXPECT_EQ(message(int8_rows("I32")),
            "test: tensor \"a.weight.scale\": expected a floating-point type, got Int");
  EXPECT_EQ(message(Held(file_of("{" + entry("a.weight", "I8", "[2,2]", 0, 4) + "}", "abcd"))),
            "test: tensor \"a.weight.scale\" is missing");
  const Held single(file_of("{" + entry("n", "I8", "[]", 0, 1) + "}", "a"));
  EXPECT_EQ(message_of([&] { single.weights().take("n", {}); }),
            "test: tensor \"n\": expected a floating-point type or rows of int8, got Char");
  // A scale without its rows is a tensor that nobody asked for.
  const Held lone(file_of(
      "{" + entry("a.scale", "F32", "[1]", 0, 4) + "," + entry("a", "F32", "[1]", 4, 8) + "}",
      floats({1, 2})));
  const Weights weights = lone.weights();
  weights.take("a", {1});
  EXPECT_EQ(message_of([&] { weights.check_all_claimed(); }),
            "test: 1 tensors that this model does not have: \"a.scale\"");
}

TEST(Weights, ReadsUnalignedData) {
  const std::string header = "{" + entry("a", "F32", "[1]", 0, 4) + "}";
  const Held file(file_of(header + std::string(header.size() % 2 ? 0 : 1, ' '), floats({2.5f})));
  EXPECT_FLOAT_EQ(file.weights().take("a", {1})[0].item<float>(), 2.5f);
}

TEST(Weights, MapsFilesAndOutlivesThem) {
  const std::string path = testing::TempDir() + "/weights_test_" + std::to_string(::getpid());
  std::ofstream(path, std::ios::binary) << two_tensors().bytes;
  at::Tensor kept;
  {
    const auto file = TensorFile::open(path);
    EXPECT_EQ(file->names(), (std::vector<std::string>{"a.bias", "a.weight"}));
    kept = Weights(file, {}).take("a.bias", {2});
  }
  std::remove(path.c_str());
  EXPECT_FLOAT_EQ(kept[1].item<float>(), 6);
  EXPECT_THROW(TensorFile::open(path), Error);
  EXPECT_THROW(TensorFile::open("/"), Error);
}

TEST(Weights, WeightNormIsDirectionTimesLength) {
  const Held file(
      file_of("{" + entry("parametrizations.weight.original0", "F32", "[2,1,1]", 0, 8) + "," +
                  entry("parametrizations.weight.original1", "F32", "[2,2,1]", 8, 24) + "}",
              floats({10, 1, 3, 4, 0, -2})));
  const at::Tensor weight = take_weight_norm(file.weights(), {2, 2, 1}).flatten();
  const std::vector<float> expected{6, 8, 0, -1};
  for (int i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(weight[i].item<float>(), expected[std::size_t(i)]);
}

// Bytes of mapped files that this process holds in memory.
long file_bytes_in_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (long kilobytes = 0; word == "RssFile:" && status >> kilobytes) return kilobytes * 1024;
  return -1;
}

// Packed weights live on in memory of their own; what they were read from may not stay beside it.
TEST(TensorFile, ReleasesItsPages) {
  constexpr int kFloats = 4 << 20;
  const std::string path = testing::TempDir() + "released_" + std::to_string(getpid());
  std::string header =
      "{" + entry("a", "F32", ("[" + std::to_string(kFloats) + "]").c_str(), 0, 4 * kFloats) + "}";
  header.resize(120, ' ');  // so that the data is aligned, and read where it is mapped
  std::ofstream(path, std::ios::binary) << file_of(header, floats(std::vector<float>(kFloats, 2)));
  const auto file = TensorFile::open(path);
  std::remove(path.c_str());
  const at::Tensor a = file->tensor("a");
  const long before = file_bytes_in_memory();
  if (before < 0) GTEST_SKIP() << "no RssFile in /proc/self/status";
  EXPECT_EQ(a.sum().item<float>(), 2.0f * kFloats);
  const long read = file_bytes_in_memory();
  EXPECT_GT(read, before + 3L * kFloats);
  file->release_all();
  EXPECT_LT(file_bytes_in_memory(), read - 3L * kFloats);
  EXPECT_EQ(a.sum().item<float>(), 2.0f * kFloats) << "it is read again";
}

// Each header is wrong in one way.
TEST(TensorFile, RefusesHostileHeaders) {
  const std::string eight(8, '\0');
  const std::vector<std::string> bad = {
      "",
      "1234567",
      eight,
      std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8) + "{}",
      std::string("\x03\0\0\0\0\0\0\0", 8) + "{}",
      file_of("[]", ""),
      file_of("{", ""),
      file_of("{}", "x"),
      file_of(R"({"a":7})", ""),
      file_of(R"({"a":{"dtype":"F32","shape":[1]}})", floats({1})),
      file_of("{" + entry("a", "F31", "[1]", 0, 4) + "}", floats({1})),
      file_of("{" + entry("a", "F32", "[2]", 0, 4) + "}", floats({1})),
      file_of("{" + entry("a", "F32", "[1]", 4, 8) + "}", floats({1, 2})),
      file_of("{" + entry("a", "F32", "[1]", 4, 0) + "}", floats({1})),
      file_of("{" + entry("a", "F32", "[1]", 0, 4) + "}", "abc"),
      file_of("{" + entry("a", "F32", "[-1]", 0, 4) + "}", floats({1})),
      file_of("{" + entry("a", "F32", "[1.0]", 0, 4) + "}", floats({1})),
      file_of("{" + entry("a", "F32", "7", 0, 4) + "}", floats({1})),
      file_of("{" + entry("a", "F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) + "}", floats({1})),
      file_of("{" + entry("a", "F32", "[4611686018427387904,4]", 0, 0) + "}", ""),
      file_of("{" + entry("a", "F32", "[18446744073709551615]", 0, 4) + "}", floats({1})),
      file_of("{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("b", "F32", "[1]", 0, 4) + "}",
              floats({1})),
      file_of("{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("a", "F32", "[1]", 4, 8) + "}",
              floats({1, 2})),
      file_of("{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("b", "F32", "[1]", 8, 12) + "}",
              floats({1, 2, 3})),
      file_of("{\"\xff\":1}", ""),
      file_of(std::string(5000, '['), ""),
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    const auto open = [&] { TensorFile::from_memory(bad[i].data(), bad[i].size(), "test"); };
    EXPECT_NE(message_of(open), "no error") << "case " << i;
  }
}

TEST(TensorFile, SaysWhatLiesInItsPlace) {
  const std::pair<std::string, const char*> strangers[] = {
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1056484620\n",
       "a Git LFS pointer, which only names the file (the repository was cloned without its large "
       "files); run \"git lfs pull\""},
      {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", "a PyTorch file in the form of before"},
      {"PK\x03\x04" + std::string(60, '\0'),
       "a PyTorch file (.pt) or another zip archive; take the"},
      {"<!DOCTYPE html><html>404</html>", "an HTML page"},
  };
  for (const auto& [bytes, what] : strangers) {
    const auto open = [&bytes = bytes] {
      TensorFile::from_memory(bytes.data(), bytes.size(), "model");
    };
    EXPECT_NE(message_of(open).find(std::string("model: expected a safetensors file, got ") + what),
              std::string::npos)
        << message_of(open);
  }
}

}  // namespace
}  // namespace chatterbox

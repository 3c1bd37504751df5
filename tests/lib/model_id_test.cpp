// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_id.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

class ModelId : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/chatterbox-id-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const char* name, std::string contents) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  std::filesystem::path folder_;
};

TEST_F(ModelId, IsSixteenHexDigitsAndRepeats) {
  const auto path = write("a", std::string(3 << 20, 'x'));
  const std::string id = model_id({path});
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(model_id({path}), id);
}

TEST_F(ModelId, ChangesWithLengthHeaderAndLaterBytes) {
  std::string contents(3 << 20, 'x');
  const std::string id = model_id({write("a", contents)});
  EXPECT_NE(model_id({write("a", contents + "x")}), id);
  contents[10] = 'y';
  EXPECT_NE(model_id({write("a", contents)}), id);
  contents[10] = 'x';
  contents[(2 << 20) + 100] = 'y';
  EXPECT_NE(model_id({write("a", contents)}), id);
}

TEST_F(ModelId, NamesAMissingFile) {
  try {
    model_id({folder_ / "absent"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_NE(std::string(error.what()).find("absent"), std::string::npos);
  }
}

}  // namespace
}  // namespace chatterbox

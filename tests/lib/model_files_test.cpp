// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "model_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "chatterbox/error.h"
#include "chatterbox/model_facts.h"
#include "support/temporary_directory.h"

namespace chatterbox {
namespace {

constexpr const char* kEnglish[] = {"t3_cfg.safetensors", "s3gen.safetensors", "ve.safetensors",
                                    "tokenizer.json"};
constexpr const char* kNano[] = {"t3_nano_v1.safetensors",
                                 "s3gen_meanflow.safetensors",
                                 "ve.safetensors",
                                 "vocab.json",
                                 "merges.txt",
                                 "added_tokens.json"};
constexpr const char* kMultilingual[] = {"t3_mtl23ls_v2.safetensors", "s3gen.safetensors",
                                         "ve.safetensors", "grapheme_mtl_merged_expanded_v1.json"};

constexpr const char* kLfsPointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";

class ModelFilesTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text = "x") {
    std::ofstream(directory_.path(name)) << text;
  }
  template <typename Names>
  void put_all(const Names& names) {
    for (const char* name : names) put(name);
  }
  void drop(const std::string& name) { std::filesystem::remove(directory_.path(name)); }

  ModelFiles find(const std::string& family = "") {
    return find_model_files(directory_.path(""), family);
  }
  std::string refusal(const std::string& family = "") {
    try {
      find(family);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  void expect_refusal(const std::string& part, const std::string& family = "") {
    const std::string message = refusal(family);
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks " << part;
  }
  static std::string name_of(const std::string& path) {
    return std::filesystem::path(path).filename().string();
  }

  TemporaryDirectory directory_;
};

TEST_F(ModelFilesTest, FamilyIsToldByTheT3File) {
  put_all(kNano);
  const ModelFiles files = find();
  EXPECT_EQ(files.config.family, Family::kNano);
  EXPECT_EQ(files.config.t3.hidden, 768);
  EXPECT_EQ(name_of(files.t3), "t3_nano_v1.safetensors");
  EXPECT_EQ(name_of(files.s3gen), "s3gen_meanflow.safetensors");
  EXPECT_TRUE(files.voice.empty());
  put("conds.pt");
  EXPECT_EQ(name_of(find().voice), "conds.pt");
}

TEST_F(ModelFilesTest, OneDirectoryHoldsEnglishAndMultilingual) {
  put_all(kEnglish);
  put_all(kMultilingual);
  put("t3_23lang.safetensors");
  EXPECT_EQ(find().config.family, Family::kEnglish);
  EXPECT_EQ(name_of(find("multilingual").t3), "t3_mtl23ls_v2.safetensors");
  put("t3_mtl23ls_v3.safetensors");
  EXPECT_EQ(name_of(find("multilingual").t3), "t3_mtl23ls_v3.safetensors");
  put("config.json", R"({"family": "multilingual", "files": {"t3": "t3_mtl23ls_v2.safetensors"}})");
  EXPECT_EQ(name_of(find().t3), "t3_mtl23ls_v2.safetensors");
  expect_refusal("expected family \"english\", got \"multilingual\"", "english");
}

TEST_F(ModelFilesTest, RegionalPacksAreMultilingual) {
  put("t3_pt_br.safetensors");
  put("s3gen_v3.safetensors");
  put("ve.safetensors");
  put("grapheme_mtl_merged_expanded_v1.json");
  const ModelFiles files = find();
  EXPECT_EQ(files.config.family, Family::kMultilingual);
  EXPECT_EQ(name_of(files.t3), "t3_pt_br.safetensors");
  EXPECT_EQ(name_of(files.s3gen), "s3gen_v3.safetensors");
  put("t3_es_es.safetensors");
  expect_refusal("expected one T3 file of multilingual");
}

TEST_F(ModelFilesTest, TextFilesAreThoseOfTheFrontEnd) {
  put_all(kNano);
  put("tokenizer.json");
  const auto text_names = [&](const std::string& family) {
    std::string names;
    for (const std::string& path : find(family).text) names += name_of(path) + " ";
    return names;
  };
  EXPECT_EQ(text_names(""), "vocab.json merges.txt added_tokens.json ");
  put_all(kMultilingual);
  EXPECT_EQ(text_names("multilingual"), "grapheme_mtl_merged_expanded_v1.json ");
  put("Cangjie5_TC.json");
  EXPECT_EQ(text_names("multilingual"), "grapheme_mtl_merged_expanded_v1.json Cangjie5_TC.json ");
  drop("merges.txt");
  expect_refusal("expected a file merges.txt in the model's directory, which belongs to nano",
                 "nano");
}

TEST_F(ModelFilesTest, ConfigFillsInWhatTheFamilyHas) {
  put_all(kNano);
  put("config.json", R"({"t3": {"layers": 3}})");
  EXPECT_EQ(find().config.family, Family::kNano);
  EXPECT_EQ(find().config.t3.layers, 3);
}

// A configuration that names no files leaves the choice among the published forms as it was.
TEST_F(ModelFilesTest, ConfigWithoutFilesTakesThoseThatAreThere) {
  put_all(kEnglish);
  put_all(kMultilingual);
  put("config.json", R"({"family": "multilingual"})");
  EXPECT_EQ(name_of(find().t3), "t3_mtl23ls_v2.safetensors");
  put("config.json", R"({"family": "multilingual", "files": {"t3": "mine.safetensors"}})");
  expect_refusal("expected a file mine.safetensors");
}

TEST_F(ModelFilesTest, TextInPlaceOfAConfigurationIsNamed) {
  put_all(kNano);
  put("config.json", kLfsPointer);
  expect_refusal("config.json: expected the configuration of a model, got a Git LFS pointer");
}

// Front ends read their files when the model is loaded; read_model_facts() is the cheap way there.
TEST_F(ModelFilesTest, AVocabularyThatWasNotFetchedIsNamed) {
  put_all(kNano);
  put("vocab.json", kLfsPointer);
  try {
    read_model_facts(directory_.path(""));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile);
    EXPECT_NE(std::string(error.what())
                  .find("vocab.json: expected a file of the tokenizer, got a Git LFS pointer"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(ModelFilesTest, AModelSaysWhatItSpeaksWithoutItsWeights) {
  const auto take = [&](const std::string& path, const std::string& name) {
    std::filesystem::copy_file(std::string(TESTS_DIR) + "/golden/" + path, directory_.path(name),
                               std::filesystem::copy_options::overwrite_existing);
  };
  put_all(kNano);
  for (const char* name : {"vocab.json", "merges.txt", "added_tokens.json"})
    take(std::string("gpt2/") + name, name);
  const ModelFacts nano = read_model_facts(directory_.path(""));
  EXPECT_EQ(nano.family, "nano");
  EXPECT_EQ(nano.languages, std::vector<std::string>{"en"});
  EXPECT_EQ(nano.tags.size(), 19u);
  EXPECT_EQ(nano.min_reference_seconds, 5);
  put("ve.safetensors", "");
  const std::int64_t others = read_model_facts(directory_.path("")).weight_bytes;
  put("ve.safetensors", std::string(1000, 'x'));
  EXPECT_EQ(read_model_facts(directory_.path("")).weight_bytes, others + 1000);
  put_all(kMultilingual);
  take("multilingual/grapheme_mtl_merged_expanded_v1.json", "grapheme_mtl_merged_expanded_v1.json");
  const ModelFacts multilingual = read_model_facts(directory_.path(""), "multilingual");
  EXPECT_EQ(multilingual.family, "multilingual");
  EXPECT_EQ(multilingual.languages.size(), 23u);
  EXPECT_TRUE(multilingual.tags.empty());
}

TEST_F(ModelFilesTest, SaysWhatIsMissingAndWhoseItIs) {
  expect_refusal("t3_turbo_v1.safetensors (turbo)");
  expect_refusal("found none");
  put("t3_cfg.pt");
  expect_refusal("pickled form");
  put_all(kNano);
  drop("s3gen_meanflow.safetensors");
  expect_refusal("s3gen_meanflow.safetensors in the model's directory, which belongs to nano");
  put("s3gen.safetensors");
  expect_refusal("s3gen_meanflow.safetensors");
  expect_refusal("expected t3_turbo_v1.safetensors (turbo)", "turbo");
  expect_refusal("found t3_nano_v1.safetensors (nano)", "turbo");
}

TEST_F(ModelFilesTest, RefusesAnUnknownFamily) {
  put_all(kEnglish);
  expect_refusal("expected one of english, turbo, nano, multilingual, got \"piper\"", "piper");
  EXPECT_THROW(find_model_files(directory_.path("nowhere"), ""), Error);
}

}  // namespace
}  // namespace chatterbox

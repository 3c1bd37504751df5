// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "chatterbox/error.h"

namespace chatterbox {
namespace {

std::string refusal(const std::string& json) {
  try {
    parse_config(json, "test");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadFile) << json;
    return error.what();
  }
  return "";
}

TEST(Config, EmptyObjectIsThePublishedModel) {
  const ModelConfig config = parse_config("{}", "test");
  EXPECT_EQ(config.t3.layers, 30);
  EXPECT_EQ(config.t3.hidden, 1024);
  EXPECT_EQ(config.t3.start_speech, config.s3tokenizer.codebook_size());
  EXPECT_EQ(config.text.frontend, TextFrontend::kEnglishBpe);
  EXPECT_FALSE(config.t3.alignment.has_value());
  EXPECT_EQ(config.s3gen.attention, FlowAttention::kFull);
}

// The example on the page is the default, key by key.
TEST(Config, DocumentedExampleIsRead) {
  std::ifstream file(std::string(TESTS_DIR) + "/../docs/design/model-files.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string text = page.str();
  const std::size_t begin = text.find("```json");
  ASSERT_NE(begin, std::string::npos);
  const std::string json = text.substr(begin + 7, text.find("```", begin + 7) - begin - 7);
  const ModelConfig config = parse_config(json, "model-files.md");
  EXPECT_EQ(config.name, "chatterbox");
  EXPECT_EQ(config.t3.intermediate, 4096);
  EXPECT_DOUBLE_EQ(config.defaults.min_p, 0.05);
}

TEST(Config, FamilyChoosesWhatTheRestIsADifferenceFrom) {
  const ModelConfig turbo = parse_config(R"({"family":"turbo","t3":{"layers":2}})", "test");
  EXPECT_EQ(turbo.family, Family::kTurbo);
  EXPECT_EQ(turbo.files.t3, "t3_turbo_v1.safetensors");
  EXPECT_EQ(turbo.t3.layers, 2);
  EXPECT_EQ(turbo.t3.text_vocab, 50276);
  EXPECT_FALSE(turbo.t3.start_text.has_value());
  EXPECT_EQ(turbo.s3gen.flow.kind, FlowKind::kMeanFlow);
  EXPECT_EQ(turbo.s3gen.flow.guidance, 0);
  EXPECT_EQ(turbo.defaults.top_k, 1000);
  ASSERT_TRUE(turbo.voice.loudness_lufs.has_value());
  EXPECT_DOUBLE_EQ(*turbo.voice.loudness_lufs, -27.0);
  // What the caller found out from the files holds where the file does not say.
  EXPECT_EQ(parse_config("{}", "test", Family::kNano).t3.hidden, 768);
  EXPECT_EQ(parse_config(R"({"family":"english"})", "test", Family::kNano).t3.hidden, 1024);
  EXPECT_EQ(parse_config("{}", "test", Family::kMultilingual).text.most_characters("fr"), 280);
  EXPECT_LT(parse_config("{}", "test", Family::kMultilingual).text.most_characters("zh"), 200);
  EXPECT_NE(refusal(R"({"family":"piper"})").find("turbo"), std::string::npos);
}

TEST(Config, EveryFamilyHasAName) {
  for (const Family family :
       {Family::kEnglish, Family::kTurbo, Family::kNano, Family::kMultilingual}) {
    EXPECT_EQ(parse_family(to_string(family)), family);
    EXPECT_EQ(preset(family).family, family);
    EXPECT_NE(family_names().find(to_string(family)), std::string::npos);
  }
  EXPECT_FALSE(parse_family("Turbo").has_value());
}

// The default's token is none of a smaller codebook, and need not be where no silence is said.
TEST(Config, SilenceIsATokenOfTheCodebookWhereItIsSaid) {
  const std::string small = R"("s3tokenizer": {"codebook_dims": 4},)";
  const auto t3 = [](const std::string& more) {
    return R"("t3": {"speech_vocab": 83, "start_speech": 81, "stop_speech": 82)" + more + "}";
  };
  EXPECT_NO_THROW(parse_config("{" + small + t3("") + "}", "test"));
  EXPECT_NO_THROW(parse_config(
      "{" + small + t3(R"(, "closing_silence": {"token": 80, "count": 3})") + "}", "test"));
  EXPECT_THROW(
      parse_config("{" + small + t3(R"(, "closing_silence": {"token": 81, "count": 3})") + "}",
                   "test"),
      Error);
}

TEST(Config, NullIsNoTextToken) {
  const ModelConfig config = parse_config(R"({"t3":{"start_text":null,"stop_text":7}})", "test");
  EXPECT_FALSE(config.t3.start_text.has_value());
  EXPECT_EQ(config.t3.stop_text, 7);
  EXPECT_NE(refusal(R"({"t3":{"start_text":-1}})").find("start_text"), std::string::npos);
}

TEST(Config, TellsTheConfigurationOfAnotherProgram) {
  const std::string message = refusal(R"({"model_type":"llama","hidden_size":1024})");
  EXPECT_NE(message.find("another program"), std::string::npos) << message;
  EXPECT_NE(message.find("model_type"), std::string::npos) << message;
}

TEST(Config, ClosingSilenceIsATokenOfTheCodebook) {
  const std::string small = R"("s3tokenizer":{"codebook_dims":7})";
  const std::string starts = R"("start_speech":2187,"stop_speech":2188)";
  EXPECT_EQ(refusal("{" + small + R"(,"t3":{)" + starts + "}}"), "");
  EXPECT_NE(refusal(R"({"family":"nano",)" + small + R"(,"t3":{)" + starts + "}}").find("closing"),
            std::string::npos);
}

TEST(Config, MeanFlowHasNoGuidance) {
  EXPECT_NE(refusal(R"({"family":"turbo","s3gen":{"flow":{"guidance":0.7}}})").find("guidance"),
            std::string::npos);
}

TEST(Config, ReadsAlignment) {
  const ModelConfig config = parse_config(
      R"({"t3":{"alignment":{"layer":3,"head":1,"back":2,"ahead":4,"max_stay":15}}})", "test");
  ASSERT_TRUE(config.t3.alignment.has_value());
  EXPECT_EQ(config.t3.alignment->layer, 3);
  EXPECT_EQ(config.t3.alignment->max_stay, 15);
}

TEST(Config, ReadsColour) {
  const ModelConfig config =
      parse_config(R"({"s3gen":{"flow":{"colour":1.25},"attention":"chunk"}})", "test");
  EXPECT_DOUBLE_EQ(config.s3gen.flow.colour, 1.25);
}

TEST(Config, RefusesWhatCannotBe) {
  for (const char* json : {
           "",
           "[]",
           "{\"format\":2}",
           "{\"unknown\":1}",
           "{\"t3\":{\"hidden\":\"big\"}}",
           "{\"t3\":{\"hidden\":1.5}}",
           "{\"t3\":{\"hidden\":-1}}",
           "{\"t3\":{\"hidden\":99999999999}}",
           "{\"t3\":7}",
           "{\"t3\":{\"start_speech\":5}}",
           "{\"t3\":{\"stop_speech\":9000}}",
           "{\"t3\":{\"start_text\":704}}",
           "{\"t3\":{\"perceiver_heads\":3}}",
           "{\"t3\":{\"head_dim\":63}}",
           "{\"t3\":{\"alignment\":{\"layer\":30}}}",
           "{\"t3\":{\"alignment\":{\"head\":16}}}",
           "{\"t3\":{\"rms_eps\":1e999}}",
           "{\"text\":{\"frontend\":\"letters\"}}",
           "{\"s3gen\":{\"attention\":\"none\"}}",
           "{\"s3gen\":{\"flow\":{\"colour\":1}}}",
           "{\"xvector\":{\"layers\":[]}}",
       })
    EXPECT_NE(refusal(json), "") << json;
}

TEST(Config, NamesTheKey) {
  EXPECT_EQ(refusal(R"({"t3":{"hiden":1}})"), "test.t3: unknown key \"hiden\"");
  EXPECT_THROW(load_config("/nonexistent/config.json"), Error);
}

}  // namespace
}  // namespace chatterbox

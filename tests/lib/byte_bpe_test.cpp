// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/byte_bpe_tokenizer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "text/tags.h"

namespace chatterbox {
namespace {

using Ids = std::vector<std::int64_t>;
using Parts = std::vector<std::string>;

// Set CHATTERBOX_GPT2_CASES to a directory made by make.py --out to compare more strings,
// with the published vocabulary too.
std::string golden_directory() {
  const char* chosen = std::getenv("CHATTERBOX_GPT2_CASES");
  return chosen ? chosen : std::string(TESTS_DIR) + "/golden/gpt2";
}

std::string contents(const char* name) {
  std::ifstream file(std::string(TESTS_DIR) + "/golden/gpt2/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

ByteBpeFiles golden_files() {
  return {contents("vocab.json"), contents("merges.txt"), contents("added_tokens.json")};
}

std::unique_ptr<TextTokenizer> golden() { return make_byte_bpe_tokenizer(golden_files(), "test"); }

std::string word_list(const TextTokens& tokens) {
  std::string list;
  for (const auto& word : tokens.words)
    list += word.text + "=" + std::to_string(word.first) + ".." + std::to_string(word.last) + " ";
  return list;
}

TEST(ByteBpe, EqualsTransformers) {
  const auto tokenizer = TextTokenizer::load(golden_directory(), TextFrontend::kGpt2Bpe);
  std::ifstream file(golden_directory() + "/cases.json");
  const auto cases = nlohmann::json::parse(file)["cases"];
  ASSERT_GE(cases.size(), 300u);
  for (const auto& c : cases)
    ASSERT_EQ(tokenizer->encode(c[0].get<std::string>()).ids, c[1].get<Ids>()) << c[0];
}

TEST(ByteBpe, ReadsTheTags) {
  const auto tokenizer = golden();
  EXPECT_EQ(tokenizer->tags(), Parts(kTags.begin(), kTags.end()));
  EXPECT_EQ(tokenizer->languages(), (Parts{"en"}));
  EXPECT_EQ(tokenizer->vocabulary_size(), 657 + 19);
  EXPECT_TRUE(tokenizer->reads_tag("[clear throat]"));
  EXPECT_FALSE(tokenizer->reads_tag("[Laugh]"));
  EXPECT_EQ(tokenizer->encode("[laugh][angry]").ids, (Ids{657 + 18, 657}));
}

TEST(ByteBpe, TagsAreNoWords) {
  const TextTokens tokens = golden()->encode("Ha!  [clear throat]um, [laugh] ok");
  std::string words;
  for (const auto& word : tokens.words) words += word.text + "|";
  EXPECT_EQ(words, "Ha!|um,|ok|");
  for (const auto& word : tokens.words)
    for (int i = word.first; i <= word.last; ++i) EXPECT_LT(tokens.ids[std::size_t(i)], 657);
}

TEST(ByteBpe, CutsTextAsGpt2) {
  const std::pair<const char*, Parts> cases[] = {
      {"", {}},
      {"Hello there.", {"Hello", " there", "."}},
      {"can't CAN'T", {"can", "'t", " CAN", "'", "T"}},
      {"we'll've 'tis", {"we", "'ll", "'ve", " '", "tis"}},
      {"a  b   c ", {"a", " ", " b", "  ", " c", " "}},
      {" \n x\n\n", {" \n", " x", "\n\n"}},
      {"\tx", {"\t", "x"}},
      {"\t\tx", {"\t", "\t", "x"}},
      {"4th ²½Ⅷ٣", {"4", "th", " ²½Ⅷ٣"}},
      {"e\u0301 नमस्ते", {"e", "\u0301", " नमस", "्", "त", "े"}},
      {"a\u00a0b", {"a", "\u00a0", "b"}},
      {"a\u00a0\u3000b", {"a", "\u00a0", "\u3000", "b"}},
      {"你好，3", {"你好", "，", "3"}},
      {"a_b - #1", {"a", "_", "b", " -", " #", "1"}},
      {" ", {" "}},
      {"  ", {"  "}},
  };
  for (const auto& [text, expected] : cases) {
    Parts parts;
    for (const TextRange& part : gpt2_parts(text))
      parts.push_back(std::string(text).substr(part.begin, part.end - part.begin));
    EXPECT_EQ(parts, expected) << text;
  }
}

TEST(ByteBpe, MergesThatBeginWithANumberSign) {
  ByteBpeFiles files = golden_files();
  ASSERT_NE(files.merges.find("\n# #\n"), std::string::npos);
  const auto tokenizer = make_byte_bpe_tokenizer(files, "test");
  EXPECT_EQ(tokenizer->encode("##").ids.size(), 1u);
}

TEST(ByteBpe, NormalisesAsTurboDoes) {
  EXPECT_EQ(golden()->normalize("wait... [laugh] no; a - b"), "Wait... [laugh] no; a - b.");
}

TEST(ByteBpe, WordsOfAnyBytes) {
  const auto tokenizer = golden();
  EXPECT_EQ(word_list(tokenizer->encode("")), "");
  EXPECT_EQ(word_list(tokenizer->encode(" \n ")), "");
  const TextTokens emoji = tokenizer->encode("👍🏽 é");
  ASSERT_EQ(emoji.words.size(), 2u);
  EXPECT_EQ(emoji.words[0].text, "👍🏽");
  EXPECT_EQ(emoji.words[0].first, 0);
  EXPECT_EQ(emoji.words[1].first, emoji.words[0].last + 1);
  EXPECT_EQ(emoji.words[1].last, int(emoji.ids.size()) - 1);
  EXPECT_NO_THROW(tokenizer->encode("\xff\xfe [laugh\x80] \xe2\x82"));
}

TEST(ByteBpe, RefusesWhatItCannotUse) {
  const auto code_of = [](const char* what, auto change) {
    ByteBpeFiles files = golden_files();
    change(files);
    try {
      make_byte_bpe_tokenizer(files, "test");
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("test/"), std::string::npos) << error.what();
      return error.code();
    }
    ADD_FAILURE() << "no error: " << what;
    return ErrorCode::kCancelled;
  };
  const std::pair<const char*, void (*)(ByteBpeFiles&)> changes[] = {
      {"truncated", [](ByteBpeFiles& f) { f.vocab.resize(f.vocab.size() / 2); }},
      {"list", [](ByteBpeFiles& f) { f.vocab = "[]"; }},
      {"no bytes", [](ByteBpeFiles& f) { f.vocab = "{\"a\":0}"; }},
      {"negative", [](ByteBpeFiles& f) { f.vocab.replace(0, 1, "{\"zz\":-1,"); }},
      {"large", [](ByteBpeFiles& f) { f.added = "{\"[laugh]\":99999999}"; }},
      {"text", [](ByteBpeFiles& f) { f.added = "{\"[laugh]\":\"1\"}"; }},
      {"one", [](ByteBpeFiles& f) { f.merges += "alone\n"; }},
      {"three", [](ByteBpeFiles& f) { f.merges += "a b c\n"; }},
      {"unknown", [](ByteBpeFiles& f) { f.merges += "a zzzz\n"; }},
  };
  for (const auto& [what, change] : changes)
    EXPECT_EQ(code_of(what, change), ErrorCode::kBadFile) << what;
  EXPECT_THROW(TextTokenizer::load("/nonexistent", TextFrontend::kGpt2Bpe), Error);
}

}  // namespace
}  // namespace chatterbox

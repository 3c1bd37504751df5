// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chatterbox/error.h"
#include "text/grapheme_bpe.h"
#include "text/phones.h"
#include "text/tokenizer.h"

namespace chatterbox {
namespace {

using Ids = std::vector<std::int64_t>;

// Set CHATTERBOX_TOKENIZER_CASES to a directory made by make.py --out to compare
// more strings.
std::string golden_directory() {
  const char* chosen = std::getenv("CHATTERBOX_TOKENIZER_CASES");
  return chosen ? chosen : std::string(TESTS_DIR) + "/golden/tokenizer";
}

using Make = std::unique_ptr<TextTokenizer>(const std::string& json, const std::string& origin);

ErrorCode code_of(const std::string& json, Make* make = make_bpe_tokenizer) {
  try {
    make(json, "test");
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "no error for " << json;
  return ErrorCode::kCancelled;
}

// A BPE file around `vocab` and `merges`.
std::string bpe(const std::string& vocab, const std::string& merges,
                const std::string& added = "[]") {
  return R"({"added_tokens":)" + added + R"(,"normalizer":null,"post_processor":null,)" +
         R"("pre_tokenizer":{"type":"Whitespace"},"model":{"type":"BPE","unk_token":"?",)" +
         R"("vocab":)" + vocab + R"(,"merges":)" + merges + "}}";
}

TEST(BpeTokenizer, EqualsTokenizersLibrary) {
  const auto tokenizer = TextTokenizer::load(golden_directory(), TextFrontend::kEnglishBpe);
  EXPECT_EQ(tokenizer->vocabulary_size(), 704);
  std::ifstream file(golden_directory() + "/cases.json");
  const auto golden = nlohmann::json::parse(file);
  ASSERT_GE(golden["cases"].size(), 100u);
  for (const auto& c : golden["cases"]) {
    const auto text = c[0].get<std::string>();
    ASSERT_EQ(tokenizer->encode(text).ids, c[1].get<Ids>()) << c[0];
  }
}

TEST(BpeTokenizer, MergesInRankOrder) {
  const auto tokenizer = make_bpe_tokenizer(
      bpe(R"({"?":0,"a":1,"b":2,"c":3,"bc":4,"ab":5,"abc":6})", R"(["b c",["a","b"],"a bc"])"),
      "test");
  EXPECT_EQ(tokenizer->encode("abc").ids, (Ids{6}));
  EXPECT_EQ(tokenizer->encode("abab").ids, (Ids{5, 5}));
  EXPECT_EQ(tokenizer->encode("axb").ids, (Ids{1, 0, 2}));
  EXPECT_EQ(tokenizer->encode("").ids, Ids{});
}

TEST(BpeTokenizer, CutsAddedTokensAsTheReferenceDoes) {
  const auto tokenizer =
      make_bpe_tokenizer(bpe(R"({"?":0,"a":1,"b":2})", "[]",
                             R"([{"id":3,"content":"<x>","lstrip":true,"rstrip":true},
              {"id":4,"content":"<x>y"},
              {"id":5,"content":"ab","single_word":true}])"),
                         "test");
  EXPECT_EQ(tokenizer->encode("a\t<x>\tb").ids, (Ids{1, 3, 2}));
  EXPECT_EQ(tokenizer->encode("<x>y<x>").ids, (Ids{4, 3}));
  EXPECT_EQ(tokenizer->encode("ab\taba").ids, (Ids{5, 1, 2, 1}));
}

TEST(BpeTokenizer, KnowsWhereWordsAre) {
  const auto tokenizer = TextTokenizer::load(golden_directory(), TextFrontend::kEnglishBpe);
  const TextTokens tokens = tokenizer->encode("The quick, brown fox.");
  ASSERT_EQ(tokens.words.size(), 4u);
  EXPECT_EQ(tokens.words[1].text, "quick,");
  EXPECT_EQ(tokens.words[3].text, "fox.");
  EXPECT_EQ(tokens.words[0].first, 0);
  for (std::size_t i = 1; i < tokens.words.size(); ++i)
    EXPECT_EQ(tokens.words[i].first, tokens.words[i - 1].last + 2) << "one [SPACE] between words";
  EXPECT_EQ(tokens.words[3].last, int(tokens.ids.size()) - 1);
}

TEST(BpeTokenizer, RefusesWhatItCannotUse) {
  for (const std::string& json : {
           std::string("{"),
           std::string("[]"),
           std::string("{}"),
           bpe(R"({"?":0,"a":-1})", "[]"),
           bpe(R"({"?":0,"a":9999999})", "[]"),
           bpe(R"({"?":0,"a":"1"})", "[]"),
           bpe(R"({"a":0})", "[]"),
           bpe(R"({"?":0,"a":1})", R"(["a b"])"),
           bpe(R"({"?":0,"a":1,"b":2})", R"(["a b"])"),
           bpe(R"({"?":0,"a":1})", R"(["a"])"),
           bpe(R"({"?":0,"a":1})", R"([7])"),
           bpe(R"({"?":0,"a":1})", "[]", R"([{"id":1}])"),
           std::string(R"({"normalizer":{"type":"NFC"},"model":{}})"),
           std::string(R"({"pre_tokenizer":{"type":"ByteLevel"},"model":{}})"),
       })
    EXPECT_EQ(code_of(json), ErrorCode::kBadFile) << json;
  EXPECT_THROW(TextTokenizer::load("/nonexistent", TextFrontend::kEnglishBpe), Error);
}

class PhonesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!have_phones()) GTEST_SKIP() << "built without flite";
  }
};

std::string joined(const std::vector<std::string>& symbols) {
  std::string text;
  for (const std::string& symbol : symbols) text += (text.empty() ? "" : " ") + symbol;
  return text;
}

TEST_F(PhonesTest, ReadsAsDocumented) {
  EXPECT_EQ(joined(read_phones("It costs $3.50. Really?").symbols),
            "pau ih1 t | k aa1 s t s | th r iy1 | d aa1 l er0 z | f ih1 f t iy0 | "
            "s eh1 n t s . pau r ih1 l iy0 ? pau");
}

TEST_F(PhonesTest, WordsKeepTheirRanges) {
  const Phones phones = read_phones("Café “costs” $3.50 — really?");
  ASSERT_EQ(phones.words.size(), 4u);
  EXPECT_EQ(phones.words[0].text, "Café");
  EXPECT_EQ(phones.words[1].text, "“costs”");
  EXPECT_EQ(phones.words[2].text, "$3.50");
  EXPECT_EQ(phones.words[3].text, "really?");
  const auto spoken = [&](const TextTokens::Word& word) {
    return joined({phones.symbols.begin() + word.first, phones.symbols.begin() + word.last + 1});
  };
  EXPECT_EQ(spoken(phones.words[1]), "k aa1 s t s");
  EXPECT_EQ(spoken(phones.words[2]), "th r iy1 | d aa1 l er0 z | f ih1 f t iy0 | s eh1 n t s");
}

TEST_F(PhonesTest, SurvivesAnyText) {
  for (const char* text : {"", " ", ".", "--", "…", "😀", "日本語のテキスト",
                           "a\x01"
                           "b",
                           "((((((", "1e999999", "$", "£", "£5 and 3€", "'", "\"\"\"", "%s%n"})
    EXPECT_GE(read_phones(text).symbols.size(), 1u) << text;
  EXPECT_GT(read_phones(std::string(3000, '7')).symbols.size(), 3000u);
  EXPECT_GT(read_phones(std::string(3000, 'q')).symbols.size(), 100u);
}

TEST_F(PhonesTest, TokenizerFlipsUnknownStressAndDropsUnknownSymbols) {
  const auto tokenizer = make_phone_tokenizer(
      R"({"model":{"type":"WordLevel","vocab":{"[STOP]":0,"[START]":1,"pau":2,"|":3,)"
      R"("ih0":4,"t":5,"k":6,"s":7}}})",
      "test");
  EXPECT_EQ(tokenizer->vocabulary_size(), 8);
  const TextTokens tokens = tokenizer->encode("It costs");
  // pau ih1 t | k (aa1) s t s | pau
  EXPECT_EQ(tokens.ids, (Ids{2, 4, 5, 3, 6, 7, 5, 7, 3, 2}));
  ASSERT_EQ(tokens.words.size(), 2u);
  EXPECT_EQ(tokens.words[0].first, 1);
  EXPECT_EQ(tokens.words[0].last, 2);
  EXPECT_EQ(tokens.words[1].first, 4);
  EXPECT_EQ(tokens.words[1].last, 7);
}

TEST_F(PhonesTest, RefusesOtherFiles) {
  for (const char* json : {"", "{}", R"({"model":{"type":"BPE","vocab":{}}})",
                           R"({"model":{"type":"WordLevel","vocab":{"pau":0}}})",
                           R"({"model":{"type":"WordLevel","vocab":{"pau":0,"|":-3}}})"})
    EXPECT_EQ(code_of(json, make_phone_tokenizer), ErrorCode::kBadFile) << json;
}

}  // namespace
}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/normalizer.h"

#include <gtest/gtest.h>

namespace chatterbox {
namespace {

struct Case {
  const char* text;
  const char* expected;
};

std::string english(std::string_view text) {
  return normalize_punctuation(text, Punctuation::kEnglish);
}

// Expected values are what punc_norm of resemble-ai/chatterbox 5de7a54 returns.
constexpr Case kCases[] = {
    {"", "You need to add some text for me to talk."},
    {"hello world", "Hello world."},
    {"Hello world!", "Hello world!"},
    {" hello ", "hello."},
    {"  a \t b\n\nc  ", "a b c."},
    {"wait... what", "Wait,  what."},
    {"wait… what?", "Wait,  what?"},
    {"time: 10:30; ok", "Time, 10,30,  ok."},
    {"one - two", "One, two."},
    {"one — two–three", "One - two-three."},
    {"“quoted” ‘single’", "\"quoted\" 'single'."},
    {"so , then", "So, then."},
    {"élan vital", "Élan vital."},
    {"ßtraße", "SStraße."},
    {"ﬁne", "FIne."},
    {"ǆ", "Ǆ."},
    {"日本語", "日本語."},
    {"ends with dash-", "Ends with dash-"},
    {"ends with comma,", "Ends with comma,"},
    {"non\u00a0breaking\u2003space\u3000here\u0085too", "Non breaking space here too."},
    {"separators\x1cin\x1fside", "Separators in side."},
    {"zero\u200bwidth", "Zero\u200bwidth."},
    {"   ", "."},
    {"...", ","},
    {"ªbc", "ªbc."},
    {"ⅷ bells", "Ⅷ bells."},
};

TEST(NormalizePunctuation, EqualsUpstream) {
  for (const Case& c : kCases) EXPECT_EQ(english(c.text), c.expected) << c.text;
}

TEST(NormalizePunctuation, EqualsUpstreamOfEachModel) {
  struct Models {
    const char* text;
    const char* english;
    const char* turbo;
    const char* multilingual;
  };
  const Models cases[] = {
      {"hello... world; and: x - y … z—a–b ,c “q” ‘r’",
       "Hello,  world,  and, x, y,  z-a-b,c \"q\" 'r'.",
       "Hello... world; and, x - y,  z-a-b,c \"q\" 'r'.",
       "Hello,  world,  and, x, y,  z-a-b,c \"q\" 'r'."},
      {"3 - 4...", "3, 4,", "3 - 4...", "3, 4,"},
      {"你好，世界。", "你好，世界。.", "你好，世界。.", "你好，世界。"},
      {"こんにちは！", "こんにちは！.", "こんにちは！.", "こんにちは！"},
      {"今日は、", "今日は、.", "今日は、.", "今日は、"},
      {"好？", "好？.", "好？.", "好？"},
      {"क्या है।", "क्या है।.", "क्या है।.", "क्या है।."},
      {"هل هذا؟", "هل هذا؟.", "هل هذا؟.", "هل هذا؟."},
      {"ışık güzel", "Işık güzel.", "Işık güzel.", "Işık güzel."},
      {"   ", ".", ".", "."},
  };
  for (const Models& c : cases) {
    EXPECT_EQ(english(c.text), c.english);
    EXPECT_EQ(normalize_punctuation(c.text, Punctuation::kTurbo), c.turbo);
    EXPECT_EQ(normalize_punctuation(c.text, Punctuation::kMultilingual), c.multilingual);
  }
}

TEST(NormalizePunctuation, ReplacesBrokenBytes) {
  EXPECT_EQ(english("a\xff b"), "A\ufffd b.");
  EXPECT_EQ(english("a\xe2\x82"), "A\ufffd.");
}

TEST(CollapseSpaces, TrimsAndJoins) {
  EXPECT_EQ(collapse_spaces("\u2003 a \u00a0\t b\r\n"), "a b");
  EXPECT_EQ(collapse_spaces(" \n"), "");
}

TEST(ToAscii, FindsLikenesses) {
  EXPECT_EQ(to_ascii("plain"), "plain");
  EXPECT_EQ(to_ascii("Café “naïve” Łódź"), "Cafe \"naive\" Lodz");
  EXPECT_EQ(to_ascii("Москва"), "Moskva");
  EXPECT_EQ(to_ascii("it’s 😀"), "it's ");
}

}  // namespace
}  // namespace chatterbox

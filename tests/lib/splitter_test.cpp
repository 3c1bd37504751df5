// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/splitter.h"

#include <gtest/gtest.h>

#include <random>

#include "text/normalizer.h"

namespace chatterbox {
namespace {

using Pieces = std::vector<std::string>;

std::size_t characters(const std::string& utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (c & 0xc0) != 0x80;
  return count;
}

std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

struct Case {
  const char* text;
  std::size_t limit;
  Pieces expected;
};

const Case kCases[] = {
    {"", 40, {}},
    {" \n\t ", 40, {}},
    {"One. Two. Three.", 280, {"One. Two. Three."}},
    {"One two three. Four five six.", 15, {"One two three.", "Four five six."}},
    {"Short. Also short. A rather longer one here.",
     20,
     {"Short. Also short.", "A rather longer one", "here."}},
    {"Dr. Smith met Mr. Jones. They talked.", 26, {"Dr. Smith met Mr. Jones.", "They talked."}},
    {"J. R. R. Tolkien wrote. We read.", 24, {"J. R. R. Tolkien wrote.", "We read."}},
    {"It is 3.14 or so. Next one.", 18, {"It is 3.14 or so.", "Next one."}},
    {"See e.g. This one. And more.", 19, {"See e.g. This one.", "And more."}},
    {"\"Really?\" she asked. \"Yes.\"", 21, {"\"Really?\" she asked.", "\"Yes.\""}},
    {"He said \"Stop!\" Then he left.", 16, {"He said \"Stop!\"", "Then he left."}},
    {"What?! No... Yes!!!", 12, {"What?! No...", "Yes!!!"}},
    {"red, green, blue and yellow", 14, {"red, green,", "blue and", "yellow"}},
    {"abcdefghij", 4, {"abcd", "efgh", "ij"}},
    {"今日は晴れ。明日は雨。", 7, {"今日は晴れ。", "明日は雨。"}},
    {"赤、青、緑色", 4, {"赤、青、", "緑色"}},
    {"aaae\u0301", 4, {"aaa", "e\u0301"}},
    {"क्या है। हाँ। ठीक॥ अच्छा", 14, {"क्या है। हाँ।", "ठीक॥ अच्छा"}},
    {"هل هذا صحيح؟ نعم. جدا", 15, {"هل هذا صحيح؟", "نعم. جدا"}},
    {"نعم، لا؛ ربما", 9, {"نعم، لا؛", "ربما"}},
    {"Τι\u037e Ναι. Όχι\u0387 ίσως όχι", 12, {"Τι\u037e Ναι.", "Όχι\u0387", "ίσως όχι"}},
    {"什么？对！好｡行", 5, {"什么？对！", "好｡行"}},
    {"Qu'est-ce? Oui. Été. Non.", 11, {"Qu'est-ce?", "Oui. Été.", "Non."}},
};

TEST(SplitPieces, CutsWhereItShould) {
  for (const Case& c : kCases) EXPECT_EQ(split_pieces(c.text, c.limit), c.expected) << c.text;
}

TEST(SplitPieces, LastPieceIsNotAWord) {
  const std::string sentence = "This sentence has some forty characters.";
  const std::string text = sentence + " " + sentence + " " + sentence + " Yes.";
  const Pieces pieces = split_pieces(text, 125);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[1], sentence + " Yes.");
}

// Whatever the text: nothing lost, nothing added, nothing too long.
TEST(SplitPieces, KeepsEveryCharacter) {
  std::mt19937 random(3);
  const std::vector<std::string> alphabet = {"a", "B",  ".",  "!",  "?",      ",", " ",   " ",
                                             "é", "。", "、", "\"", "\u0301", "😀", "Dr.", "\u200d"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::size_t n = random() % 300; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const std::size_t limit = 1 + random() % 60;
    std::string together;
    for (const std::string& piece : split_pieces(text, limit)) {
      ASSERT_FALSE(piece.empty()) << text;
      ASSERT_LE(characters(piece), limit) << text;
      together += piece;
    }
    ASSERT_EQ(without_spaces(together), without_spaces(collapse_spaces(text)));
  }
}

TEST(SplitPieces, LongTextWithoutSpaces) {
  std::size_t total = 0;
  for (const std::string& piece : split_pieces(std::string(1'000'000, 'a'))) total += piece.size();
  EXPECT_EQ(total, 1'000'000u);
}

TEST(SplitText, NormalisesEachPiece) {
  EXPECT_EQ(split_text("hello … there", 100), (Pieces{"Hello,  there."}));
  EXPECT_EQ(split_text("one two. three four", 9), (Pieces{"One two.", "Three.", "Four."}));
}

}  // namespace
}  // namespace chatterbox

// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "text/pieces.h"

#include <gtest/gtest.h>

#include <mutex>

#include "chatterbox/log.h"
#include "support/dense_texts.h"
#include "text/normalizer.h"
#include "text/phones.h"

namespace chatterbox {
namespace {

using Words = std::vector<std::string>;

// A token for each byte, so that tokens are counted easily.
TextTokens read_bytes(std::string_view text) {
  TextTokens tokens;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    tokens.words.push_back(
        {std::string(text.substr(begin, end - begin)), int(begin), int(end) - 1});
    begin = end + 1;
  }
  for (const char c : text) tokens.ids.push_back(static_cast<unsigned char>(c));
  return tokens;
}

Words texts_of(const std::vector<Piece>& pieces) {
  Words texts;
  for (const Piece& piece : pieces) texts.push_back(piece.text);
  return texts;
}

Words words_in(const std::vector<Piece>& pieces) {
  Words words;
  for (const Piece& piece : pieces)
    for (const TextTokens::Word& word : piece.tokens.words) words.push_back(word.text);
  return words;
}

// Warnings while this lives.
class Warnings {
 public:
  Warnings() {
    set_log_sink([this](LogLevel level, std::string_view message) {
      const std::lock_guard lock(mutex_);
      if (level == LogLevel::kWarning) all_.emplace_back(message);
    });
  }
  ~Warnings() { set_log_sink({}); }
  Words all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  Words all_;
};

TEST(CutPieces, LeavesAloneWhatFits) {
  EXPECT_EQ(texts_of(cut_pieces("One. Two  three.", read_bytes, {280, 100, 1000})),
            Words{"One. Two three."});
  EXPECT_TRUE(cut_pieces(" \n", read_bytes, {}).empty());
}

TEST(CutPieces, CutsByTokens) {
  const auto pieces = cut_pieces("One two three, four five six.", read_bytes, {280, 16, 1000});
  EXPECT_EQ(texts_of(pieces), (Words{"One two three,", "four five six."}));
}

TEST(CutPieces, CutsBySpeechTokens) {
  const auto pieces = cut_pieces("12345 12345 12345 12345", read_bytes, {280, 100, 130});
  ASSERT_EQ(texts_of(pieces), (Words{"12345 12345", "12345 12345"}));
}

TEST(CutPieces, AWordInTwoPiecesIsOneWord) {
  const auto pieces =
      cut_pieces("See http://a.org/b/cdefgh?i=k and go.", read_bytes, {280, 10, 1000});
  EXPECT_GT(pieces.size(), 3u);
  EXPECT_EQ(words_in(pieces), (Words{"See", "http://a.org/b/cdefgh?i=k", "and", "go."}));
  // Where no spaces are, each piece has words of its own.
  EXPECT_EQ(words_in(cut_pieces("今日は晴れ", read_bytes, {280, 6, 1000})),
            (Words{"今日", "は晴", "れ"}));
}

TEST(CutPieces, WarnsOfWhatCannotBeSpoken) {
  Warnings warnings;
  EXPECT_TRUE(cut_pieces("é", read_bytes, {280, 1, 1000}).empty());
  ASSERT_EQ(warnings.all().size(), 1u);
  EXPECT_NE(warnings.all()[0].find("é"), std::string::npos);
}

// Ordinary prose is not cut by the estimate of its speech.
TEST(CutPieces, ProseTakesLessThanTheLongestSpeech) {
  const std::string prose =
      "It was a bright cold day in April, and the clocks were striking; the old man, who had been "
      "waiting by the gate since breakfast, lifted his hat, said good morning to Mrs. Harris, and "
      "went slowly down the hill towards the harbour, where nobody had yet heard of it.";
  EXPECT_LT(most_speech_tokens(prose), 625u);
  EXPECT_GT(most_speech_tokens("3.14159265358979323846"), 240u);
}

// Every word of dense texts is read, in pieces that the small model can take.
TEST(CutPieces, NoWordOfDenseTextIsLost) {
  if (!have_phones()) GTEST_SKIP() << "built without flite";
  const auto read = [](std::string_view text) {
    const Phones phones = read_phones(collapse_spaces(text));
    return TextTokens{std::vector<std::int64_t>(phones.symbols.size()), phones.words};
  };
  Warnings warnings;
  for (const std::string& text : test::dense_texts(60)) {
    const auto pieces = cut_pieces(text, read, {180, 512, 625});
    for (const Piece& piece : pieces) EXPECT_LE(piece.tokens.ids.size(), 512u);
    Words words = words_in(pieces);
    std::erase_if(words, [](const std::string& word) { return test::words_of(word).empty(); });
    EXPECT_EQ(words, test::words_of(text));
  }
  EXPECT_TRUE(warnings.all().empty());
}

TextTokens five_words() { return read_bytes("one two three four five"); }

Words words_in(const TextTokens& tokens) {
  Words words;
  for (const TextTokens::Word& word : tokens.words) words.push_back(word.text);
  return words;
}

TEST(PieceEnd, SpeaksToTheEndOfTheText) {
  const TextTokens text = five_words();
  PieceEnd end(text, 100);
  for (int i = 0; i < 23; ++i) EXPECT_TRUE(end.allows(i));
  EXPECT_TRUE(end.rest().ids.empty());
}

TEST(PieceEnd, EndsBetweenWordsShortlyBeforeTheLastToken) {
  const TextTokens text = five_words();
  PieceEnd end(text, 20);
  for (int i = 0; i < 18; ++i) EXPECT_TRUE(end.allows(i / 2));
  EXPECT_TRUE(end.allows(13));  // in the middle of "three"
  EXPECT_FALSE(end.allows(14));
  EXPECT_EQ(words_in(end.rest()), (Words{"four", "five"}));
  EXPECT_EQ(end.rest().ids.front(), 'f');
}

TEST(PieceEnd, GoesOnWithinAWordThatIsTooLong) {
  const TextTokens text = five_words();
  PieceEnd end(text, 10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(end.allows(i));  // "one two th"
  EXPECT_EQ(words_in(end.rest()), (Words{"four", "five"}));
  EXPECT_EQ(end.rest().ids.front(), 'r');
}

TEST(PieceEnd, WarnsWhereNobodyKnowsWhatWasSpoken) {
  const TextTokens text = five_words();
  PieceEnd end(text, 10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(end.allows(-1));
  Warnings warnings;
  EXPECT_TRUE(end.rest().ids.empty());
  ASSERT_EQ(warnings.all().size(), 1u);
  EXPECT_NE(warnings.all()[0].find("one two three four five"), std::string::npos);
}

TEST(PieceEnd, EndsWhereNothingMoves) {
  const TextTokens text = five_words();
  PieceEnd end(text, 10);
  for (int i = 0; i < 10; ++i) end.allows(0);
  TextTokens rest = end.rest();
  ASSERT_EQ(rest.ids.size(), text.ids.size() - 1);
  // A pause in front of the words is spoken again each time.
  TextTokens paused{{7, 1, 2}, {{"a", 1, 2}}};
  PieceEnd stuck(paused, 3);
  for (int i = 0; i < 3; ++i) stuck.allows(0);
  Warnings warnings;
  EXPECT_TRUE(stuck.rest().ids.empty());
  EXPECT_EQ(warnings.all().size(), 1u);
}

}  // namespace
}  // namespace chatterbox
